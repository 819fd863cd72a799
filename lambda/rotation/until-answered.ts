import { ZabbixUnreachable } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { zabbixMayTakeMs } from './in-time.ts';
import type { Ports } from './ports.ts';
import { until } from './wait.ts';

const askZabbixAgainMs = 5_000;

/** On the way back there is nothing better to do than to wait for Zabbix to answer again. */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  { clock }: Pick<Ports, 'clock'>,
  deadline: Deadline,
): Promise<T> {
  let last: unknown;
  const answer = await until(
    async () => {
      try {
        return { value: await ask() };
      } catch (error) {
        if (!(error instanceof ZabbixUnreachable)) throw error;
        last = error;
        return undefined;
      }
    },
    askZabbixAgainMs,
    clock,
    // Later it is asked nothing any more, and what is true must be written down.
    deadline.reserving(zabbixMayTakeMs),
  );
  if (answer === undefined) throw last;
  return answer.value;
}
