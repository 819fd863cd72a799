import type { CommandInvocationStatus } from '@aws-sdk/client-ssm';
import { doors, parameters, type Verb } from '../../lambda/contract.ts';
import type { Values } from '../../lambda/fleet/run-command.ts';
import type { PskKey } from '../../lambda/rotation/psk.ts';
import type { FakeClock } from './clock.ts';
import type { Waiting } from './gate.ts';
import { type Ending, type FakeNode, Refused, type Running, type Script } from './node.ts';
import { publicKey } from './public-key.ts';
import { forget, inspect, prepare, reload, restore, switchKey } from './verbs.ts';

export interface Command {
  readonly id: string;
  readonly node: FakeNode;
  readonly verb: Verb;
  readonly values: Values;
  readonly sentMs: number;
  takenMs: number | undefined;
  cancelled: boolean;
  /** The script's last line and its exit code. */
  reply: { readonly line: string; readonly exitCode: number } | undefined;
}

/** A command may stay undelivered for so long; then nobody waits for it any more. */
const deliveryMs = 30_000;
const askAgainMs = 1_000;
const workS = 60;

/** Run Command over fake nodes: what is sent arrives a moment later, or late, or twice, or never, and the account comes when it can. */
export class FakeSystemsManager {
  readonly nodes: ReadonlyMap<string, FakeNode>;
  readonly #clock: FakeClock;
  readonly #keys: ReadonlyMap<string, PskKey>;
  readonly commands: Command[] = [];
  /** Called when a node has taken up a switch. */
  onArm: () => void = () => undefined;
  /** Verbs that the nodes do not take up. */
  readonly lost = new Set<string>();
  /** Whether the output of a command is cut off before its last line has ended. */
  cutsOff: (verb: Verb) => boolean = () => false;
  /** After how many milliseconds a command arrives; twice when there are two. Later than its delivery time is possible too. */
  arrivesAfterMs: (verb: Verb) => readonly number[] = () => [700];

  constructor(nodes: readonly FakeNode[], keys: ReadonlyMap<string, PskKey>, clock: FakeClock) {
    this.nodes = new Map(nodes.map((node) => [node.host.node, node]));
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Nothing of any rotation is left on the node of that host. */
  isClean(name: string): boolean {
    return [...this.nodes.values()].some((node) => node.host.name === name && node.isClean);
  }

  send(node: FakeNode, verb: Verb, values: Values): Command {
    const id = `command-${this.commands.length + 1}`;
    const sentMs = this.#clock.now().ms;
    const command: Command = {
      id,
      node,
      verb,
      values,
      sentMs,
      takenMs: undefined,
      cancelled: false,
      reply: undefined,
    };
    this.commands.push(command);
    if (this.lost.has(verb)) return command;
    for (const ms of this.arrivesAfterMs(verb)) this.#clock.in(ms, () => this.#deliver(command));
    return command;
  }

  #deliver(command: Command): void {
    const { node, verb } = command;
    if (command.cancelled) return;
    if (!node.up || !node.host.reachableByCommands) {
      if (this.#clock.now().ms - command.sentMs < deliveryMs) this.#clock.in(askAgainMs, () => this.#deliver(command));
      return;
    }
    if (verb === 'switch') this.onArm();
    const script = node.run(
      (self) => this.#script(command, self),
      (how) => {
        const ending = how instanceof Error ? failed(how) : how;
        const line = lineOf(command, ending);
        command.reply ??= {
          line: this.cutsOff(verb) ? line.slice(0, line.length / 2) : line,
          exitCode: ending.exitCode,
        };
      },
    );
    command.takenMs ??= this.#clock.now().ms;
    this.#clock.in(timeoutMs(command), () => node.kill(script));
  }

  #script({ node, verb, values }: Command, self: Running): Script<Ending> {
    const ids = { secretId: values.secretId ?? '', versionId: values.versionId };
    const notAfterS = Number(values.notAfter ?? 0);
    const expected = doors.find((door) => door === values.firstEncryption);
    switch (verb) {
      case 'inspect':
        return inspect(node, expected);
      case 'prepare':
        return prepare(node, self, ids, values.currentFingerprint ?? '', notAfterS, expected);
      case 'switch': {
        const key = this.#keys.get(values.fingerprint ?? '');
        if (key === undefined) throw new RangeError(`nobody at this site has minted a key ${values.fingerprint}`);
        const identity = values.identity === 'keep' ? (node.host.onDisk.identity ?? '') : (values.identity ?? '');
        return switchKey(node, self, ids, { identity, key }, waitingOf(values));
      }
      case 'restore':
        return restore(node, self, ids, waitingOf(values), expected);
      case 'forget':
        return forget(node, self, ids, values.fingerprint ?? '', expected);
      case 'reload':
        return reload(node, values.daemon ?? '', values.proxies ?? 'none');
    }
  }

  /** As GetCommandInvocation shows it: an account that the node cannot send is not there. */
  statusOf({
    node,
    sentMs,
    takenMs,
    cancelled,
    reply,
    values,
    verb,
  }: Command): CommandInvocationStatus | 'DeliveryTimedOut' {
    const nowMs = this.#clock.now().ms;
    if (reply !== undefined && node.up && node.host.reachableByCommands)
      return reply.exitCode === 0 ? 'Success' : 'Failed';
    if (takenMs !== undefined) return nowMs - takenMs > timeoutMs({ values, verb }) ? 'TimedOut' : 'InProgress';
    if (cancelled) return 'Cancelled';
    return nowMs - sentMs > deliveryMs ? 'DeliveryTimedOut' : 'Pending';
  }
}

/** As the documents set it (infra/documents.ts). */
function timeoutMs({ values, verb }: Pick<Command, 'values' | 'verb'>): number {
  switch (verb) {
    case 'inspect':
    case 'forget':
    case 'reload':
      return workS * 1000;
    case 'prepare':
      return 2 * workS * 1000;
    case 'switch':
    case 'restore':
      return (Number(values.serverWaitS) + 2 * Number(values.agentStartS) + workS) * 1000;
  }
}

function waitingOf({ gate, notAfter, serverWaitS, agentStartS, probeEveryS = '1' }: Values): Waiting {
  return {
    gate: gateNamed(gate),
    notAfterS: Number(notAfter),
    serverWaitS: Number(serverWaitS),
    agentStartS: Number(agentStartS),
    probeEveryS: Number(probeEveryS),
  };
}

const waitingGates = [
  'shadow-agent',
  'zabbix-sender',
  'proxy-log',
  'script-execute',
  'port-probe',
  'agent-log',
  'now',
] as const;

function gateNamed(name: string | undefined): Waiting['gate'] {
  const found = waitingGates.find((gate) => gate === name);
  if (found === undefined) throw new Refused(`${name} is no gate (${parameters.gate.allowedPattern})`);
  return found;
}

function failed(error: Error): Ending {
  if (error instanceof Refused) return { outcome: 'refused', says: error.message, exitCode: 10 };
  throw error;
}

/** The last line of a script's output. */
function lineOf({ node, verb, values }: Command, { outcome, says, account }: Ending): string {
  const { notes, programs } = node;
  // One that asks about the proxy alone is told of the proxy.
  const host = values.config === 'none' ? (programs.find(({ role }) => role === 'proxy') ?? node.host) : node.host;
  const lastSwitch = account ?? notes?.account;
  return JSON.stringify({
    zabbixPsk: 1,
    verb,
    secretId: values.secretId,
    versionId: values.versionId,
    node: host.node,
    outcome,
    says,
    clockMs: node.nowMs,
    agent: host.role === 'proxy' ? 'zabbix_proxy' : 'zabbix_agentd',
    version: '6.0.14',
    tlsLibrary: host.tlsLibrary,
    hostname: host.name,
    identity: host.onDisk.identity,
    fingerprint: host.prints,
    keyFile: '/etc/zabbix/agent.psk',
    keyMode: '0400',
    passive: host.kind !== 'active',
    active: host.kind !== 'passive',
    running: host.running !== undefined,
    rotation: notes === undefined ? null : { secretId: notes.secretId, versionId: notes.versionId, phase: node.phase },
    lastSwitch:
      lastSwitch === undefined
        ? null
        : {
            ...lastSwitch,
            stoppedAtMs: lastSwitch.stopped.nodeMs,
            listeningAtMs: lastSwitch.listening.nodeMs,
            probes: 1,
          },
    gates: notes?.gates ?? [],
    ...(verb === 'prepare'
      ? { publicKey, places: host.places.map(({ place, said }) => ({ place, verdict: said })) }
      : {}),
  });
}
