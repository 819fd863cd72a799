import type { Door } from '../../lambda/contract.ts';
import {
  beforeFirst,
  type Credential,
  fingerprintOf,
  type NodeGate,
  type Protection,
} from '../../lambda/rotation/model.ts';
import { beginExchange, finishExchange, letExchangeEnd, seeExchange, takeLock } from './exchange.ts';
import { arm, askWithOtherKey, isStillArmed, refuseLate, type Waiting, waitAtGate } from './gate.ts';
import { type Ending, type FakeNode, type Notes, Refused, type Running, type Script } from './node.ts';
import { same } from './site.ts';

/** The host scripts, by the rules of docs/host-scripts.md and in the order of infra/documents/linux. */

export interface Ids {
  readonly secretId: string;
  readonly versionId: string;
}

/** Whoever does not expect it is told of an agent without a key as of something to mend. */
function refuseUnexpected({ host }: FakeNode, expected: Door | undefined): void {
  if (host.onDisk.key !== undefined || expected !== undefined) return;
  if (host.prints === 'certificate') throw new Refused('The agent uses certificates (TLSConnect=cert): leave it out');
  throw new Refused('The agent uses no PSK (TLSConnect=unencrypted): give it a first key');
}

export function* inspect(node: FakeNode, expected: Door | undefined): Script<Ending> {
  yield 300;
  refuseUnexpected(node, expected);
  return done('inspected', 'this is how it is');
}

export function* prepare(
  node: FakeNode,
  self: Running,
  ids: Ids,
  currentFingerprint: string,
  notAfterS: number,
  takes: Door | undefined,
): Script<Ending> {
  yield 200;
  refuseLate(node, notAfterS);
  yield* takeLock(node, self);
  const { host } = node;
  if (node.isOf(ids)) yield* letExchangeEnd(node, self);
  else
    yield* finishExchange(
      node,
      self,
      node.notes !== undefined && fingerprintOf(node.notes.from) === currentFingerprint ? 'back' : undefined,
    );

  refuseUnexpected(node, takes);
  makeRoom(node, ids, currentFingerprint);
  const isOnItsWay = node.phase === 'armed' || node.phase === 'switching';
  const isFurther = node.isOf(ids) && (isOnItsWay || (node.phase === 'switched' && holdsNew(node)));
  if (!isFurther) {
    if (!node.allRun) throw new Refused('the agent does not run: start it, then rotate');
    if (takes !== undefined && host.prints !== currentFingerprint)
      throw new Refused(
        host.onDisk.key === undefined
          ? `The agent is ${host.prints} and the secret says "${currentFingerprint}"`
          : `the agent has a PSK already (${host.prints})`,
      );
    if (host.prints !== currentFingerprint)
      throw new Refused(`the key on the node has the fingerprint ${host.prints}, and AWSCURRENT ${currentFingerprint}`);
    node.refuseUnlessWritable();
    yield 700;
    yield { did: 'key pair made' };
    yield 200;
    node.notes = {
      ...ids,
      phase: 'prepared',
      direction: undefined,
      from: host.onDisk,
      to: undefined,
      takes,
      gate: 'now',
      gates: offers(node),
      notAfterS,
      agentStartS: 0,
      waitedMs: 0,
      armedBy: undefined,
      result: undefined,
      account: undefined,
    };
    yield { did: 'prepared' };
  }
  return done('prepared', 'ready');
}

/** A probing gate is only offered when the server accepted the present key at it. */
function offers({ host, server, programs }: FakeNode): readonly NodeGate[] {
  if (host.onDisk.key === undefined)
    return host.role === 'host' && host.canProbe && host.offersShadow && server.accepts(host, host.onDisk)
      ? ['shadow-agent']
      : [];
  const log = programs.some(({ role, canProbe }) => role === 'proxy' && canProbe) ? (['proxy-log'] as const) : [];
  if (!host.canProbe || host.role === 'proxy') return log;
  const asks = host.offersShadow && server.accepts(host, host.onDisk) ? (['shadow-agent'] as const) : [];
  return host.kind === 'active' ? [...asks, ...log] : [...asks, ...log, 'agent-log'];
}

/** Another rotation's state that is still alive is left alone; what is over is cleared away. */
function makeRoom(node: FakeNode, ids: Ids, currentFingerprint: string): void {
  const { notes, host, phase } = node;
  if (notes === undefined) return;
  const { from, to } = notes;
  if (phase === 'switched' && to !== undefined && from.identity !== to.identity && isHalf(host.onDisk, from, to))
    throw new Refused('an exchange ended half done on this node: run restore first');
  if (node.isOf(ids)) {
    if (phase === 'armed' && notes.direction !== 'forward')
      throw new Refused('a restore of this rotation is waiting on this node');
    return;
  }
  if (node.waiting.held || node.working.held) throw busy(notes);
  if (notes.secretId === ids.secretId) {
    if (host.prints !== currentFingerprint) throw busy(notes);
  } else if (phase === 'switched' || node.nowMs < notes.notAfterS * 1000) throw busy(notes);
  node.clear();
}

function isHalf(onDisk: Protection, from: Protection, to: Protection): boolean {
  return fingerprintOf(onDisk) === fingerprintOf(from) && onDisk.identity === to.identity;
}

export function* switchKey(node: FakeNode, self: Running, ids: Ids, to: Credential, wait: Waiting): Script<Ending> {
  yield 200;
  refuseLate(node, wait.notAfterS);
  yield* takeLock(node, self);
  const { host } = node;
  for (;;) {
    if (node.notes !== undefined && !node.isOf(ids)) throw busy(node.notes);
    if (node.waiting.held) {
      if (node.notes?.direction !== 'forward') throw new Refused('a restore of this rotation is waiting on this node');
      const ended = yield* join(node, self);
      if (ended !== undefined && node.phase !== 'prepared') return { ...done(ended.outcome, ended.says), ...ended };
      continue;
    }
    yield* finishExchange(node, self);
    if (node.phase === 'switched') {
      if (!holdsNew(node) || host.prints !== to.key.fingerprint)
        throw new Refused('this rotation has put another key in place');
      return done('switched', 'the new key was already in place');
    }
    if (node.phase === 'prepared') break;
    throw new Refused(node.phase === 'restored' ? 'this rotation has been restored here' : 'nothing is prepared here');
  }
  const { notes } = node;
  if (notes === undefined) throw new Refused('nothing is prepared here');
  if (!node.allRun) throw new Refused('the agent does not run any more');
  const offered = wait.gate === 'now' || wait.gate === 'script-execute' || wait.gate === 'port-probe';
  if (!offered && !notes.gates.some((gate) => gate === wait.gate))
    throw new Refused(`the gate ${wait.gate} cannot be used on this node`);
  if (!same(host.onDisk, notes.from)) throw new Refused('the key has changed since it was prepared');
  node.refuseUnlessWritable();
  const first = notes.from.key === undefined ? { before: beforeFirst(notes.from) } : {};
  notes.to = { ...to, takes: notes.takes, ...first };
  host.next = notes.to;
  yield { did: 'staged' };
  yield* arm(node, self, notes, 'forward', wait);
  const gate = yield* waitAtGate(node, self, notes, to, wait);
  // One that is called off has nothing to write, and whoever holds the lock may be waiting for its end.
  if (gate !== 'disarmed') yield* takeLock(node, self);
  if (!isStillArmed(node, notes, self)) return { outcome: 'not-accepted', says: 'called off by restore', exitCode: 20 };
  if (gate !== 'accepted') {
    host.next = undefined;
    notes.phase = 'prepared';
    return notAccepted(wait);
  }
  node.refuseIfFull();
  beginExchange(node, notes, 'forward');
  node.lock.drop();
  const ended = yield* seeExchange(node, notes);
  if (ended.outcome === 'switched') yield* askWithOtherKey(node, notes, otherKey(node, notes));
  return ended;
}

/** An unencrypted door that was to stay open is not tried. */
function otherKey({ host }: FakeNode, { from, takes }: Notes): Protection | undefined {
  if (from.key === undefined) return takes === 'only-psk' ? from : undefined;
  return host.previous && from;
}

export function* restore(
  node: FakeNode,
  self: Running,
  ids: Ids,
  wait: Waiting,
  expected: Door | undefined,
): Script<Ending> {
  yield 200;
  refuseLate(node, wait.notAfterS);
  yield* takeLock(node, self);
  const { host } = node;
  for (;;) {
    const { notes } = node;
    if (notes === undefined) {
      refuseUnexpected(node, expected);
      return done('restored', 'nothing of a rotation is left on this node');
    }
    if (!node.isOf(ids)) throw busy(notes);
    if (node.waiting.held) {
      if (notes.phase === 'armed' && notes.direction === 'forward') return yield* callOff(node, notes);
      const joined = notes.direction;
      const ended = yield* join(node, self);
      if (joined !== 'forward' && ended?.outcome === 'restored' && node.phase === 'restored')
        return done('restored', ended.says);
      continue;
    }
    yield* finishExchange(node, self);
    if (node.phase === 'prepared') return yield* callOff(node, notes);
    if (node.phase === 'restored') return (yield* askAgain(node, self, notes, wait)) ?? (yield* bringUp(node, notes));
    if (same(host.onDisk, notes.from)) return yield* callOff(node, notes);
    const hasWayBack = notes.from.key === undefined || isKept(host.previous, notes.from);
    if (host.prints !== fingerprintOf(notes.from) && !hasWayBack)
      throw new Refused('the previous key is gone: give Zabbix the key that the agent has');
    break;
  }
  const { notes } = node;
  if (notes === undefined) throw new Refused('nothing is prepared here');
  yield* arm(node, self, notes, 'back', wait);
  const gate = yield* waitAtGate(node, self, notes, notes.from, wait);
  if (gate !== 'disarmed') yield* takeLock(node, self);
  if (!isStillArmed(node, notes, self) || gate !== 'accepted') {
    if (isStillArmed(node, notes, self)) notes.phase = 'switched';
    return notAccepted(wait);
  }
  node.refuseIfFull();
  beginExchange(node, notes, 'back');
  node.lock.drop();
  const ended = yield* seeExchange(node, notes);
  if (ended.outcome === 'restored') {
    yield* askWithOtherKey(node, notes, host.next && notes.to);
    host.next = undefined;
  }
  return ended;
}

function isKept(kept: Protection | undefined, from: Protection): boolean {
  return kept !== undefined && fingerprintOf(kept) === fingerprintOf(from);
}

/** A switch that waits finds itself disarmed; one that is delivered late finds nothing to do. */
function* callOff(node: FakeNode, notes: Notes): Script<Ending> {
  node.refuseIfFull();
  notes.armedBy = undefined;
  node.host.next = undefined;
  notes.phase = 'restored';
  yield { did: 'called off' };
  return yield* bringUp(node, notes);
}

function* bringUp(node: FakeNode, { agentStartS }: Notes): Script<Ending> {
  if (!node.allRun && !(yield* node.startAgent(agentStartS || 30)))
    return { outcome: 'stranded', says: 'the previous key is in place and the agent is down', exitCode: 30 };
  return done('restored', 'the previous key is in place');
}

/** An agent that asks was refused while the server had the new key: it is started anew as soon as the server takes its own. */
function* askAgain(node: FakeNode, self: Running, notes: Notes, wait: Waiting): Script<Ending | undefined> {
  const { host } = node;
  if (notes.result?.outcome !== 'agent-did-not-start' || wait.gate !== 'shadow-agent') return undefined;
  if (!same(host.onDisk, notes.from) || !node.allRun || host.kind === 'passive') return undefined;
  if (host.role === 'proxy') return undefined;
  yield* arm(node, self, notes, 'anew', wait);
  const gate = yield* waitAtGate(node, self, notes, notes.from, wait);
  yield* takeLock(node, self);
  if (!isStillArmed(node, notes, self)) return undefined;
  if (gate !== 'accepted') {
    notes.phase = 'restored';
    return undefined;
  }
  beginExchange(node, notes, 'anew');
  node.lock.drop();
  return yield* seeExchange(node, notes);
}

/** Whatever waits is let end first. */
function* join(node: FakeNode, self: Running): Script<Ending | undefined> {
  node.lock.drop();
  yield* node.waiting.isFree(3_600);
  yield* takeLock(node, self);
  return node.notes?.result;
}

export function* forget(
  node: FakeNode,
  self: Running,
  ids: Ids,
  fingerprint: string,
  expected: Door | undefined,
): Script<Ending> {
  yield 200;
  yield* takeLock(node, self);
  const { notes, host } = node;
  if (notes !== undefined) {
    if (!node.isOf(ids)) throw busy(notes);
    yield* finishExchange(node, self, fingerprintOf(notes.from) === fingerprint ? 'back' : undefined);
    if (!(yield* node.waiting.isFree(20))) throw new Refused('a switch or restore of this rotation is waiting here');
  }
  refuseUnexpected(node, expected);
  if (host.prints !== fingerprint)
    throw new Refused(`the key in place is ${host.prints}, and ${fingerprint} was to stay`);
  const account = node.notes?.account;
  host.next = undefined;
  host.previous = undefined;
  yield { did: 'keys removed' };
  node.notes = undefined;
  yield { did: 'notes removed' };
  return { ...done('forgotten', 'nothing of the rotation is left'), ...(account && { account }) };
}

export function* reload({ daemon, server }: FakeNode, program: string, proxies: string): Script<Ending> {
  yield 200;
  if (daemon?.program !== program) throw new Refused(`No ${program} runs on this node`);
  if (daemon.says !== undefined) throw new Refused(daemon.says);
  if (!server.up) return done('asked', 'it was told to');
  if (daemon.program === 'zabbix_server') {
    server.renew();
    yield 200;
    if (proxies !== 'none') server.handToProxies();
  } else server.fetchedBy(daemon.proxy);
  return done('reloaded', 'its log says so');
}

function holdsNew({ notes, host }: FakeNode): boolean {
  return notes?.to !== undefined && same(host.onDisk, notes.to);
}

function busy({ secretId, versionId }: Notes): Refused {
  return new Refused(`rotation ${versionId} of ${secretId} is not finished on this node`);
}

function notAccepted({ serverWaitS }: Waiting): Ending {
  return { outcome: 'not-accepted', says: `the server did not accept the key within ${serverWaitS} s`, exitCode: 20 };
}

function done(outcome: string, says: string): Ending {
  return { outcome, says, exitCode: 0 };
}
