import type { Deadline } from './deadline.ts';
import { fingerprintOf, type Protection, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { until } from './wait.ts';

/**
 * Whether the server uses what is stored by now. `seen`: its port takes the wanted key and not the other any more.
 * `assumed`: nobody could see it, and as much time has passed as a renewal of its cache is given. `not yet`: its port refuses the key.
 */
export type CacheRenewal = 'seen' | 'assumed' | 'not yet';

/** One handshake takes a tenth of a second and writes a line into the server's log. Milliseconds. */
const lookEveryMs = 5_000;

/**
 * Waits until the server must have renewed its configuration cache. Zabbix' API does not tell `CacheUpdateFrequency`, so where this
 * function cannot reach the server's port it is taken to be shorter than `serverWaitS`.
 */
export async function waitForCacheRenewal(
  wanted: Protection,
  { current, pending }: Rotation,
  { monitor, clock, patience }: Pick<Ports, 'monitor' | 'clock' | 'patience'>,
  deadline: Deadline,
): Promise<CacheRenewal> {
  const other = fingerprintOf(wanted) === fingerprintOf(pending) ? current : pending;
  const end = deadline.within(patience.serverWaitMs);
  let last: CacheRenewal = 'assumed';
  const seen = await until(
    async () => {
      const takesWanted = await monitor.serverAccepts(wanted);
      if (takesWanted !== true) {
        last = takesWanted === false ? 'not yet' : 'assumed';
        return undefined;
      }
      last = 'assumed';
      // With several targets on one identity it may still be another's.
      return (await monitor.serverAccepts(other)) === false ? 'seen' : undefined;
    },
    lookEveryMs,
    clock,
    end,
  );
  if (seen !== undefined) return 'seen';
  await clock.sleep(end.remainingMs);
  return last;
}
