import type { Screen } from '../../demo/screen.ts';
import { eventually } from '../../eventually.ts';
import type { ZabbixVersion } from '../../release.ts';
import type { Credential } from '../../zabbix/monitored-host.ts';
import { expectNothingStrange, serverVersion } from '../bench-lab.ts';
import { CacheRenewals } from '../cache-renewals.ts';
import { averageLoad } from '../computer.ts';
import { strata } from '../strata.ts';
import { currentOf, deployFor } from './deploy-for.ts';
import { type Kind, leftOut, reloads } from './kind.ts';
import { startKindsLab } from './kinds-lab.ts';
import { measureRound } from './measure-round.ts';
import type { KindRotation, KindsOfVersion } from './results.ts';
import { inOneLine } from './table.ts';

/** Measures all kinds on one Zabbix, `rounds` rotations each without reload, then as many with it. */
export async function measureKindsOf(
  version: ZabbixVersion,
  kinds: readonly Kind[],
  rounds: number,
  screen: Screen,
): Promise<KindsOfVersion> {
  const combinations = kinds.flatMap((kind) => reloads.map((reload) => ({ kind, reload })));
  const reasons = combinations.flatMap((one) => {
    const because = leftOut(version, one.kind, one.reload);
    return because === undefined ? [] : [{ ...one, because }];
  });
  const startable = kinds.filter((kind) => reloads.some((reload) => leftOut(version, kind, reload) === undefined));
  const lab = await screen.during(`Zabbix ${version} runs, one of each kind sends values`, () =>
    startKindsLab(version, startable),
  );
  const renewals = await CacheRenewals.watch(lab.zabbix);
  try {
    await screen.during('the server renews its cache', () =>
      eventually('the server renews its cache', () => renewals.firstAfter(0), { withinS: 150 }),
    );
    const rotations: KindRotation[] = [];
    const loadAverage: number[] = [];
    const held = new Map(lab.subjects.map(({ kind, credential }): [Kind, Credential] => [kind, credential]));
    for (const reload of reloads) {
      const subjects = lab.subjects.filter(({ kind }) => leftOut(version, kind, reload) === undefined);
      const deployed = await screen.during(`the stack is deployed, ${reload} reload`, () =>
        deployFor(lab, subjects, reload === 'with', held),
      );
      try {
        for (const [index, partOfPeriod] of strata(rounds, 30).entries()) {
          const round = index + 1;
          loadAverage.push(averageLoad());
          const done = await screen.during(`round ${round} of ${rounds}, ${reload} reload`, () =>
            measureRound(lab.zabbix, deployed.deployment, renewals, subjects, { reload, round, partOfPeriod }),
          );
          for (const rotation of done) screen.line(`    ${inOneLine(rotation)}`);
          rotations.push(...done);
        }
        for (const { kind } of subjects) held.set(kind, currentOf(deployed.deployment, kind));
        expectNothingStrange(deployed.deployment);
      } finally {
        await deployed.remove();
      }
    }
    const zabbix = await serverVersion(lab);
    return { zabbix, cacheUpdateS: renewals.periodS, loadAverage, rotations, leftOut: reasons };
  } finally {
    renewals.stop();
    await lab.zabbix.stop();
  }
}
