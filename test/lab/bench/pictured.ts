import type { VersionRun } from './measure-version.ts';
import { orders } from './order.ts';
import type { Results } from './results.ts';
import { spread, sum } from './spread.ts';

/**
 * The round of zabbix_agentd that is worth a picture: the one whose holes, of passive items in all three orders, are nearest to
 * their medians.
 *
 * @throws {Error} when no round was measured
 */
export function pictured(
  { version, measured }: Pick<VersionRun, 'version' | 'measured'>,
  everyS: number,
): Results['picture'] {
  const agent = 'zabbix_agentd';
  const candidates = measured.filter(({ rotation }) => rotation.agent === agent);
  const holesOf = (round?: number) =>
    orders.map((order) =>
      spread(
        candidates
          .filter(({ rotation }) => rotation.order === order && (round === undefined || rotation.round === round))
          .map(({ rotation }) => rotation.passive.holeS),
      ),
    );
  const medians = holesOf();
  const fromMedians = (round: number) =>
    sum(holesOf(round).map((own, index) => Math.abs((own?.median ?? 0) - (medians[index]?.median ?? 0))));
  const rounds = [...new Set(candidates.map(({ rotation }) => rotation.round))];
  const [nearest] = rounds.toSorted((a, b) => fromMedians(a) - fromMedians(b));
  if (nearest === undefined) throw new Error('no round was measured');
  const drawn = candidates.filter(({ rotation }) => rotation.round === nearest);
  return {
    ...{ zabbix: version.zabbix, agent, everyS },
    timeLines: orders.flatMap((order) =>
      drawn.filter(({ timeLine }) => timeLine.order === order).map(({ timeLine }) => timeLine),
    ),
  };
}
