import { z } from 'zod';
import type { AdminApi } from './admin-api.ts';
import type { MonitoredItem } from './monitored-host.ts';

/** What an item's history shows for a period. */
export interface ItemHistory {
  /** when each value was taken, milliseconds since 1970, oldest first */
  readonly samplesMs: readonly number[];
  /** longest time between two neighbouring values; 0 with fewer than two. Untroubled it is the item's own interval. */
  readonly longestHoleMs: number;
  /** values that the interval would have given and that are not there */
  readonly lost: number;
}

/** A period by the lab's one clock, milliseconds since 1970. `to` left out means until now. */
export interface Period {
  readonly fromMs: number;
  readonly toMs?: number;
}

/** Reads an item's values. Passive values carry the server's clock, active ones the agent's; in the lab both are the same. */
export async function itemHistory(api: AdminApi, item: MonitoredItem, period: Period): Promise<ItemHistory> {
  const rows = await api.call(
    'history.get',
    {
      ...{ itemids: [item.itemId], history: 3, output: ['clock', 'ns'], sortfield: 'clock', sortorder: 'ASC' },
      time_from: Math.floor(period.fromMs / 1000),
    },
    z.array(z.object({ clock: z.coerce.number(), ns: z.coerce.number() })),
  );
  const samplesMs = rows
    .map(({ clock, ns }) => clock * 1000 + ns / 1e6)
    .filter((sampleMs) => sampleMs >= period.fromMs && sampleMs <= (period.toMs ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b);
  const holesMs = samplesMs.slice(1).map((sampleMs, index) => sampleMs - (samplesMs[index] ?? sampleMs));
  const missing = (holeMs: number) => Math.max(0, Math.round(holeMs / (item.everyS * 1000)) - 1);
  return {
    samplesMs,
    longestHoleMs: Math.round(Math.max(0, ...holesMs)),
    lost: holesMs.reduce((sum, holeMs) => sum + missing(holeMs), 0),
  };
}
