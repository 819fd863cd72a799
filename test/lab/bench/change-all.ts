import { setTimeout as pause } from 'node:timers/promises';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { hostOf, itemEveryS } from './bench-lab.ts';
import type { CacheRenewals, Renewal } from './cache-renewals.ts';
import type { Order } from './order.ts';
import type { ServiceAccount } from './results.ts';
import { type Change, rotateByScript } from './rotate-by-script.ts';
import { rotateByService } from './rotate-by-service.ts';
import type { Turn } from './turns.ts';

/** A key that was changed, and in which order. */
export interface Changed extends Change {
  readonly order: Order;
  readonly host: SmallHost;
  readonly beganMs: number;
  /** the server's last one before it began */
  readonly renewalBefore: Renewal;
  readonly account?: ServiceAccount;
}

/** Begins all three orders at the same moment of the same server's cache period. */
export async function changeAll(lab: Lab, renewals: CacheRenewals, turn: Turn): Promise<readonly Changed[]> {
  const host = (order: Order) => hostOf(lab, order, turn.kind);
  await beginPeriod(lab, host('server-first'), turn.partOfInterval);
  const renewalBefore = renewals.last;
  await pause(Math.max(0, renewalBefore.endedMs + turn.partOfPeriod * renewals.periodS * 1000 - Date.now()));
  const beganMs = Date.now();
  const common = (order: Order) => ({ order, host: host(order), beganMs, renewalBefore });
  return Promise.all([
    rotateByService(lab, host('server-first')).then((change) => ({ ...common('server-first'), ...change })),
    ...(['host-first', 'api-first'] as const).map(async (order) => ({
      ...common(order),
      ...(await rotateByScript(order, host(order), lab.zabbix.api)),
    })),
  ]);
}

/**
 * Lets the server renew its cache at such a moment that its next renewals, which come by themselves, fall that long before a poll
 * of the host. Otherwise every renewal would meet the polls at the same point: both periods are multiples of 5 s.
 */
async function beginPeriod(lab: Lab, host: SmallHost, partOfInterval: number): Promise<void> {
  const everyMs = itemEveryS * 1000;
  const { samplesMs } = await host.history('passive', { fromMs: Date.now() - 3 * everyMs });
  const pollMs = samplesMs.at(-1) ?? 0;
  const wantedMs = pollMs - partOfInterval * everyMs - reloadTakesMs;
  await pause((((wantedMs - Date.now()) % everyMs) + everyMs) % everyMs);
  await lab.zabbix.server.reloadConfigurationCache();
  // The second of its two loads must have ended, or it would pass for one that came by itself.
  await pause(500);
}

/** From asking for a forced load to the end of the second (measured, 6.0.14; 7.0.22 is quicker). Milliseconds. */
const reloadTakesMs = 150;
