/** Where an invocation's time went, judged by what it asked of others and when. */

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A call that the function has made. For calls to AWS the stand-in's answer takes no time. */
export interface OutsideCall {
  readonly party: 'aws' | 'zabbix';
  /** `ssm:GetCommandInvocation`, `host.update` */
  readonly name: string;
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** A pause shorter than this is computing, not waiting. */
const pauseMs = 200;

/** An invocation's time, taken apart. */
export interface Shares {
  /**
   * Milliseconds in which neither AWS nor Zabbix owed it an answer, without the pauses between two looks at a command or at what
   * Zabbix has heard: those are waits for Run Command and for Zabbix.
   */
  readonly gapsMs: number;
  /** The rest, in which others were waited for. */
  readonly waits: readonly Period[];
}

export function sharesOf(invocation: Period, calls: readonly OutsideCall[]): Shares {
  const inside = calls
    .filter(({ askedMs }) => askedMs >= invocation.fromMs && askedMs <= invocation.toMs)
    .sort((a, b) => a.askedMs - b.askedMs);
  const waits: Period[] = [];
  let quietSinceMs = invocation.fromMs;
  let gapsMs = 0;
  for (const [index, call] of inside.entries()) {
    const gapMs = Math.max(0, call.askedMs - quietSinceMs);
    if (gapMs < pauseMs || !isAnotherLook(call, inside.slice(0, index))) gapsMs += gapMs;
    else waits.push({ fromMs: quietSinceMs, toMs: call.askedMs });
    const owedFromMs = Math.max(quietSinceMs, call.askedMs);
    if (call.answeredMs > owedFromMs) waits.push({ fromMs: owedFromMs, toMs: call.answeredMs });
    quietSinceMs = Math.max(quietSinceMs, call.answeredMs);
  }
  return { gapsMs: gapsMs + Math.max(0, invocation.toMs - quietSinceMs), waits };
}

/** Reads of Run Command: whoever waits for a command asks one of these again and again. */
const looksAtCommand = new Set(['ssm:GetCommandInvocation', 'ssm:ListCommandInvocations', 'ssm:ListCommands']);

export function isLookAtCommand(action: string): boolean {
  return looksAtCommand.has(action);
}

function isAnotherLook(call: OutsideCall, earlier: readonly OutsideCall[]): boolean {
  if (call.party === 'aws') return isLookAtCommand(call.name);
  if (!call.name.endsWith('.get')) return false;
  // `task.create` asks for a check now; what follows it looks for the value.
  return earlier.some(({ name }) => name === call.name || name === 'task.create');
}
