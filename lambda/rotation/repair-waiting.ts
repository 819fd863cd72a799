import { nodeOutlastsS } from '../contract.ts';
import { sentence } from '../errors.ts';
import { type Deadline, timeToGoBackMs } from './deadline.ts';
import type { Ports } from './ports.ts';
import { repair } from './repair.ts';

/** As many as wait at once are looked at together. */
const waitingAtOnce = 10;

/**
 * Looks after every secret of ours whose rotation waits. What is left when its time has been over for a while is no more pressing than
 * any other that is unfinished.
 *
 * @returns what was done, in words
 * @throws {AggregateError} of those that have failed
 */
export async function repairWaiting(ports: Ports, deadline: Deadline): Promise<readonly string[]> {
  const overMs = ports.clock.now().ms - nodeOutlastsS * 1000;
  const waiting = (await ports.secrets.unfinished()).filter(
    ({ waitsUntil }) => waitsUntil !== undefined && waitsUntil.ms > overMs,
  );
  const says: string[] = [];
  const failures: unknown[] = [];
  for (let from = 0; from < waiting.length; from += waitingAtOnce) {
    if (from > 0 && deadline.remainingMs < timeToGoBackMs(ports.patience)) {
      says.push(`${waiting.length - from} waiting rotations are left for the next time`);
      break;
    }
    const some = waiting.slice(from, from + waitingAtOnce);
    for (const one of await Promise.allSettled(some.map(({ secretId }) => repair(secretId, ports, deadline)))) {
      if (one.status === 'fulfilled') says.push(one.value);
      else failures.push(one.reason);
    }
  }
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(sentence).join('; '));
  return waiting.length === 0 ? ['no rotation waits'] : says;
}
