import type { Gate, Protection } from '../../lambda/rotation/model.ts';
import { type FakeNode, type Notes, Refused, type Running, type Script } from './node.ts';

export interface Waiting {
  readonly gate: Gate;
  readonly notAfterS: number;
  readonly serverWaitS: number;
  readonly agentStartS: number;
  readonly probeEveryS: number;
}

export type GateEnd = 'accepted' | 'not in time' | 'disarmed';

/** The node's own clock decides. */
export function refuseLate(node: FakeNode, notAfterS: number): void {
  if (node.nowMs >= notAfterS * 1000) throw new Refused("this command's time has passed");
}

/** Caller holds `lock`, which is dropped. */
export function* arm(
  node: FakeNode,
  self: Running,
  notes: Notes,
  direction: 'forward' | 'back' | 'anew',
  { gate, agentStartS }: Waiting,
): Script<void> {
  node.refuseIfFull();
  if (!node.waiting.tryTake(self)) throw new Refused('another command is waiting at the gate on this node');
  Object.assign(notes, { direction, gate, agentStartS, waitedMs: 0, armedBy: self, phase: 'armed' });
  yield { did: 'armed' };
  node.lock.drop();
}

export function isStillArmed(node: FakeNode, notes: Notes, self: Running): boolean {
  return node.notes === notes && notes.phase === 'armed' && notes.armedBy === self;
}

/** One probe a second, or less often, until the server accepts, nobody wants it any more, or its time has passed. */
export function* waitAtGate(
  node: FakeNode,
  self: Running,
  notes: Notes,
  credential: Protection,
  { gate, notAfterS, serverWaitS, probeEveryS }: Waiting,
): Script<GateEnd> {
  if (gate === 'now' || gate === 'script-execute' || gate === 'port-probe') return 'accepted';
  const armedMs = node.nowMs;
  const untilMs = Math.min(armedMs + serverWaitS * 1000, notAfterS * 1000);
  while (isStillArmed(node, notes, self)) {
    const askedMs = node.nowMs;
    yield 100;
    if (opens(node, gate, credential)) {
      notes.waitedMs = node.nowMs - armedMs;
      return 'accepted';
    }
    if (node.nowMs >= untilMs) {
      const onlyListens = gate === 'proxy-log' || gate === 'agent-log';
      return onlyListens && notes.direction === 'back' ? 'accepted' : 'not in time';
    }
    yield Math.max(0, askedMs + probeEveryS * 1000 - node.nowMs);
  }
  return 'disarmed';
}

/** `zabbix_sender` is content when the server knows the identity, whoever it belongs to; the log tells what the server has tried. */
function opens({ server, host, programs }: FakeNode, gate: Gate, credential: Protection): boolean {
  if (gate === 'proxy-log') {
    const proxy = programs.find(({ role }) => role === 'proxy');
    if (proxy?.running === undefined) return true;
    return server.up && !proxy.cutOff && !proxy.mute && !server.accepts(proxy, proxy.running);
  }
  // One that leaves its first key again, and takes both: the server is back when it takes the key no more.
  const leaves =
    credential.key === undefined && credential.takes === 'unencrypted-too' && host.onDisk.key !== undefined;
  if (leaves) return server.up && !host.cutOff && !server.accepts(host, host.onDisk);
  return gate === 'zabbix-sender' ? server.knows(credential) : server.accepts(host, credential);
}

/** After the exchange the key that was given up is tried once. */
export function* askWithOtherKey(node: FakeNode, notes: Notes, other: Protection | undefined): Script<void> {
  if ((notes.gate !== 'shadow-agent' && notes.gate !== 'zabbix-sender') || other === undefined) return;
  yield 300;
  if (notes.account === undefined) return;
  notes.account = { ...notes.account, oldKey: opens(node, notes.gate, other) ? 'accepted' : 'refused' };
}
