import { Deadline } from '../../lambda/rotation/deadline.ts';
import { inTime } from '../../lambda/rotation/in-time.ts';
import type { Ports } from '../../lambda/rotation/ports.ts';
import type { FakeAccount } from './account.ts';
import type { Conduct } from './invocation.ts';

/** What Lambda gives one invocation, and the margin that lambda/wire.ts keeps of it. Milliseconds. */
const limitMs = 900_000;
const marginMs = 5_000;

/** How an invocation ended. `killed`: by the test. `timed out`: by Lambda, at its limit. */
export type Invoked<T> =
  | { readonly ended: 'returned'; readonly value: T }
  | { readonly ended: 'threw'; readonly error: unknown }
  | { readonly ended: 'killed' | 'timed out' };

export type Work<T> = (ports: Ports, deadline: Deadline) => Promise<T>;

/** Runs one call of a function of ours in an environment of its own. */
export function invoke<T>(account: FakeAccount, work: Work<T>, conduct: Conduct = {}): Promise<Invoked<T>> {
  const invocation = account.invocation(conduct);
  const ports = account.portsOf(invocation);
  return new Promise((resolve) => {
    let killed: 'killed' | 'timed out' = 'killed';
    invocation.onDeath = () => resolve({ ended: killed });
    account.clock
      .sleep(limitMs)
      .then(() => {
        killed = 'timed out';
        return invocation.die();
      })
      .catch(() => undefined);
    const deadline = Deadline.in(limitMs - marginMs, account.clock);
    work(inTime(ports, deadline), deadline).then(
      (value) => {
        invocation.end();
        resolve({ ended: 'returned', value });
      },
      (error: unknown) => {
        invocation.end();
        resolve({ ended: 'threw', error });
      },
    );
  });
}
