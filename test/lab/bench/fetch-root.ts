import type { Screen } from '../demo/screen.ts';
import { releases, type ZabbixVersion } from '../release.ts';
import { debianRoot, rootIsBuilt } from '../root.ts';

/** What a lab stands on, before anything is measured: nothing to do on a computer that has it. */
export async function fetchRoot(version: ZabbixVersion, screen: Screen): Promise<void> {
  if (rootIsBuilt(releases[version])) return;
  await screen.during(`Debian's packages of Zabbix ${version} are fetched, once (about 2 minutes)`, () =>
    debianRoot(releases[version]),
  );
}
