import { sentence } from '../errors.ts';
import { type Deadline, timeToGoBackMs } from './deadline.ts';
import type { Ports } from './ports.ts';
import { isQuiet } from './quiet.ts';
import { repair } from './repair.ts';

/**
 * Repairs every secret of ours whose rotation was left unfinished and has not moved for an hour. One after the other, for as long
 * as there is time to bring one to its end.
 *
 * @returns what was done, in words
 * @throws {AggregateError} of what could not be brought to an end
 */
export async function repairAll(ports: Ports, deadline: Deadline): Promise<readonly string[]> {
  const now = ports.clock.now();
  const left = (await ports.secrets.unfinished()).filter((one) => isQuiet(one, now));
  const says: string[] = [];
  const failures: unknown[] = [];
  for (const [index, { secretId }] of left.entries()) {
    if (index > 0 && deadline.remainingMs < timeToGoBackMs(ports.patience)) {
      says.push(`${left.length - index} unfinished rotations are left for the next time`);
      break;
    }
    try {
      says.push(await repair(secretId, ports, deadline));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(sentence).join('; '));
  return left.length === 0 ? ['no rotation is unfinished'] : says;
}
