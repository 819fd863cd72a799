import { fingerprintOf, type Protection } from '../../lambda/rotation/model.ts';
import { type Ending, type FakeNode, type Notes, Refused, type Running, type Script } from './node.ts';
import { same } from './site.ts';

/** Caller holds `lock`. The worker's lock is handed over, so there is no moment without a holder. */
export function beginExchange(node: FakeNode, notes: Notes, direction: Notes['direction']): void {
  notes.direction = direction;
  notes.phase = 'switching';
  notes.result = undefined;
  const worker = node.run(
    () => exchange(node, notes),
    () => undefined,
  );
  node.working.tryTake(worker);
}

export function* seeExchange(node: FakeNode, notes: Notes): Script<Ending> {
  yield { did: 'exchange begun' };
  yield* node.working.isFree(notes.agentStartS * 3 + 120);
  return notes.result ?? { outcome: 'stranded', says: 'the exchange gave no account: run restore', exitCode: 30 };
}

/** Caller holds `lock`, which is let go meanwhile: a worker that lives is waited for. */
export function* letExchangeEnd(node: FakeNode, self: Running): Script<void> {
  while (node.notes?.phase === 'switching' && node.working.held) {
    node.lock.drop();
    if (!(yield* node.working.isFree(300))) throw new Refused('an exchange has been going on for 5 minutes');
    yield* takeLock(node, self);
  }
}

/** Caller holds `lock`. What a worker left behind that died is finished, since the server had accepted the key. */
export function* finishExchange(node: FakeNode, self: Running, direction?: Notes['direction']): Script<void> {
  yield* letExchangeEnd(node, self);
  while (node.notes?.phase === 'switching') {
    const { notes } = node;
    beginExchange(node, notes, direction ?? notes.direction);
    const ended = yield* seeExchange(node, notes);
    if (notes.result === undefined) throw new Refused(ended.says);
    yield* letExchangeEnd(node, self);
  }
}

export function* takeLock(node: FakeNode, self: Running): Script<void> {
  while (!node.lock.tryTake(self)) {
    if (!(yield* node.lock.isFree(60))) throw new Refused('another script has been holding the lock for a minute');
  }
}

/** The files of an exchange in one direction: what it puts in place, what was there, and where each is kept. */
function filesOf(notes: Notes) {
  const { from, to = from } = notes;
  switch (notes.direction) {
    case 'back':
      return { wanted: from, was: to, source: from.key === undefined ? undefined : 'previous', aside: 'next' } as const;
    case 'anew':
      return { wanted: from, was: from, source: undefined, aside: undefined } as const;
    default:
      return { wanted: to, was: from, source: 'next', aside: 'previous' } as const;
  }
}

/** The worker: one key for another, the agent restarted and seen up, or everything as it was. */
function* exchange(node: FakeNode, notes: Notes): Script<void> {
  const { host } = node;
  const { direction } = notes;
  const { wanted, was, source, aside } = filesOf(notes);
  let untouched = same(host.onDisk, was);
  let problem = yield* putInPlace();
  if (problem === undefined) {
    const stoppedMs = node.nowMs;
    node.stopAgent();
    yield { did: 'agent stopped' };
    if (yield* node.startAgent(notes.agentStartS)) {
      // It dies of the first note that it cannot write.
      if (node.diskFull) return;
      notes.account = {
        gate: notes.gate,
        waitedMs: notes.waitedMs,
        stopped: { nodeMs: stoppedMs },
        listening: { nodeMs: node.nowMs },
        downMs: node.nowMs - stoppedMs,
        oldKey: 'not-asked',
        to: fingerprintOf(wanted),
      };
      yield { did: 'agent started' };
      notes.result = {
        outcome: direction === 'forward' ? 'switched' : 'restored',
        says: 'the agent runs on it',
        exitCode: 0,
      };
      yield { did: 'account written' };
      notes.phase = direction === 'forward' ? 'switched' : 'restored';
      yield { did: 'exchange settled' };
      return;
    }
    untouched = false;
    problem = `it was not listening within ${notes.agentStartS} s`;
  }
  yield* goBack(problem);

  function* putInPlace(): Script<string | undefined> {
    if (notes.from.key === undefined) return yield* putFirstInPlace();
    const kept = source === undefined ? undefined : host[source];
    if (!sameKey(host.onDisk, wanted)) {
      if (source === undefined || kept === undefined || !sameKey(kept, wanted))
        return 'the key to be put in place is gone';
      if (node.writeProblem !== undefined) return node.writeProblem;
      host[aside] = host.onDisk;
      yield { did: 'key set aside' };
    }
    if (host.onDisk.identity !== wanted.identity) {
      if (node.writeProblem !== undefined) return node.writeProblem;
      if (wanted.key !== undefined && host.onDisk.key !== undefined)
        host.onDisk = { identity: wanted.identity, key: host.onDisk.key };
      yield { did: 'identity in place' };
    }
    if (!sameKey(host.onDisk, wanted) && source !== undefined) {
      // A new name needs no space.
      if (node.readOnly) return node.writeProblem;
      host.onDisk = wanted;
      host[source] = undefined;
      yield { did: 'key in place' };
    }
    return undefined;
  }

  /** The key file means nothing before the configuration names it, so that is what moves the agent, there and back. */
  function* putFirstInPlace(): Script<string | undefined> {
    if (same(host.onDisk, wanted)) return undefined;
    if (node.writeProblem !== undefined) return node.writeProblem;
    if (wanted.key === undefined) {
      host.next = host.onDisk;
      host.onDisk = wanted;
      yield { did: 'configuration put back' };
      return undefined;
    }
    if (host.next === undefined || !same(host.next, wanted)) return 'the key to be put in place is gone';
    yield { did: 'key file in place' };
    host.onDisk = wanted;
    host.next = undefined;
    yield { did: 'configuration in place' };
    return undefined;
  }

  function* goBack(because: string): Script<void> {
    const kept = aside === undefined ? host.onDisk : host[aside];
    const runsUntouched = untouched && node.allRun;
    const isFirst = notes.from.key === undefined && was.key === undefined;
    const isAway = !isFirst && !sameKey(host.onDisk, was) && (kept === undefined || !sameKey(kept, was));
    if (isAway || (node.readOnly && !same(host.onDisk, was))) {
      notes.result = { outcome: 'stranded', says: `going back failed: ${because}`, exitCode: 30 };
      notes.phase = direction === 'anew' ? 'restored' : 'switched';
      return;
    }
    if (aside !== undefined && !isFirst && !sameKey(host.onDisk, was)) {
      if (direction === 'back' && notes.from.key !== undefined) host.previous = host.onDisk;
      host[aside] = undefined;
    }
    host.onDisk = was;
    host.next = undefined;
    yield { did: 'put back' };
    const settled = direction === 'back' ? 'switched' : 'restored';
    if (runsUntouched) {
      notes.result = { outcome: 'agent-did-not-start', says: `nothing was exchanged: ${because}`, exitCode: 20 };
    } else {
      node.stopAgent();
      const isUp = yield* node.startAgent(notes.agentStartS);
      if (node.diskFull) return;
      notes.result = isUp
        ? { outcome: 'agent-did-not-start', says: `${because}; the previous key is in place again`, exitCode: 20 }
        : { outcome: 'stranded', says: 'the agent is down', exitCode: 30 };
    }
    yield { did: 'account written' };
    notes.phase = settled;
    yield { did: 'exchange settled' };
  }
}

function sameKey(a: Protection, b: Protection): boolean {
  return fingerprintOf(a) === fingerprintOf(b);
}
