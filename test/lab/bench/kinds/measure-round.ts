import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment } from '../../deployment.ts';
import type { ZabbixLab } from '../../zabbix/zabbix-lab.ts';
import type { CacheRenewals } from '../cache-renewals.ts';
import { inS } from '../in-seconds.ts';
import { awaitTwoValues, beforeMs } from '../measure-changes.ts';
import type { Reload } from './kind.ts';
import { readItems } from './read-items.ts';
import type { KindRotation } from './results.ts';
import { rotateKind } from './rotate-kind.ts';
import type { Subject } from './subjects.ts';

export interface Round {
  readonly reload: Reload;
  readonly round: number;
  /** of the server's cache period: how long after a renewal it begins */
  readonly partOfPeriod: number;
}

/** Rotates one of each kind, all begun at the same moment, and waits until their values come in as before. */
export async function measureRound(
  zabbix: ZabbixLab,
  deployment: Deployment,
  renewals: CacheRenewals,
  subjects: readonly Subject[],
  { reload, round, partOfPeriod }: Round,
): Promise<readonly KindRotation[]> {
  // Cold, as a function that rotates once in a while is.
  await deployment.cloud.world.environments.close();
  const periodMs = renewals.periodS * 1000;
  const sinceRenewalMs = Date.now() - renewals.last.endedMs;
  await pause((((partOfPeriod * periodMs - sinceRenewalMs) % periodMs) + periodMs) % periodMs);
  const beganMs = Date.now();
  const beganAfterRenewalS = inS(beganMs - renewals.last.endedMs);
  return Promise.all(
    subjects.map(async ({ kind, own, behind }): Promise<KindRotation> => {
      const { gate, givenMs, acceptedMs, provenMs } = await rotateKind(deployment, kind);
      for (const host of [own, behind]) if (host !== undefined) await awaitTwoValues(host, provenMs);
      const period = { fromMs: beganMs - beforeMs, toMs: Date.now() };
      return {
        ...{ kind, reload, round, beganAfterRenewalS, gate },
        ...{ acceptedS: inS(acceptedMs - givenMs), provenS: inS(provenMs - givenMs) },
        ...(own === undefined ? {} : { own: await readItems(zabbix, own, period) }),
        ...(behind === undefined ? {} : { behind: await readItems(zabbix, behind, period) }),
      };
    }),
  );
}
