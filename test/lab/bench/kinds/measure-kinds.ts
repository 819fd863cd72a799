import type { Screen } from '../../demo/screen.ts';
import { deploy, synthesizeFor } from '../../deployment.ts';
import type { ZabbixVersion } from '../../release.ts';
import { labelled } from '../../suite/held.ts';
import type { Credential } from '../../zabbix/monitored-host.ts';
import { expectNothingStrange, itemEveryS, serverSetting, serverVersion } from '../bench-lab.ts';
import { CacheRenewals } from '../cache-renewals.ts';
import { averageLoad, computer } from '../computer.ts';
import { eventually } from '../../eventually.ts';
import { fetchRoot } from '../fetch-root.ts';
import { strata } from '../strata.ts';
import { type Kind, leftOut, reloads } from './kind.ts';
import { type KindsLab, startKindsLab } from './kinds-lab.ts';
import { measureRound } from './measure-round.ts';
import type { KindResults, KindRotation, KindsOfVersion } from './results.ts';
import { reloadOf, type Subject } from './subjects.ts';
import { inOneLine } from './table.ts';

/** Measures one version after the other, so that neither disturbs the other's figures. */
export async function measureKinds(
  versions: readonly ZabbixVersion[],
  kinds: readonly Kind[],
  rounds: number,
  screen: Screen,
): Promise<KindResults> {
  const measured: KindsOfVersion[] = [];
  for (const version of versions) {
    screen.title(`Zabbix ${version}`);
    await fetchRoot(version, screen);
    measured.push(await measureVersion(version, kinds, rounds, screen));
  }
  return {
    measuredAt: new Date().toISOString(),
    computer: computer(),
    settings: {
      rotations: `${rounds} of each kind, first without and then with reload; those of a round begin at the same moment, the rounds spread evenly over the server's cache period`,
      server: serverSetting,
      items: `agent.ping (passive) and system.localtime (active), every ${itemEveryS} s; agents and proxies with defaults, SQLite, PostgreSQL for the proxy that shares its key`,
      user: 'a super admin with the role of docs/zabbix-role-proxies-*.json',
    },
    versions: measured,
  };
}

async function measureVersion(
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

/** The stack with a secret for each of them, holding the key that is in use. */
async function deployFor(
  { zabbix, subjects: all }: KindsLab,
  subjects: readonly Subject[],
  told: boolean,
  held: ReadonlyMap<Kind, Credential>,
) {
  const { cdkOut, remove } = await synthesizeFor(zabbix, {
    secrets: subjects.map(({ kind }) => kind),
    serverPortIsOpen: true,
    ...(told ? { reload: reloadOf(zabbix, all) } : {}),
  });
  const deployment = await deploy(zabbix, { cdkOut, remove });
  for (const { kind, targets } of subjects)
    await deployment.put(kind, JSON.stringify({ ...held.get(kind), targets }));
  return {
    deployment,
    async remove() {
      await deployment.close();
      await remove();
    },
  };
}

function currentOf(deployment: Parameters<typeof labelled>[0], kind: Kind): Credential {
  const current = labelled(deployment, kind, 'AWSCURRENT');
  if (current === undefined) throw new Error(`${kind} has no AWSCURRENT`);
  return { identity: current.identity, psk: current.psk };
}
