import type { Screen } from '../../demo/screen.ts';
import type { ZabbixVersion } from '../../release.ts';
import { itemEveryS, serverSetting } from '../bench-lab.ts';
import { computer } from '../computer.ts';
import { fetchRoot } from '../fetch-root.ts';
import type { Kind } from './kind.ts';
import { measureKindsOf } from './measure-kinds-of.ts';
import type { KindResults, KindsOfVersion } from './results.ts';

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
    measured.push(await measureKindsOf(version, kinds, rounds, screen));
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
