import type { ZabbixVersion } from '../../release.ts';
import { startZabbix, type ZabbixLab } from '../../zabbix/zabbix-lab.ts';
import { serverParameters } from '../bench-lab.ts';
import type { Kind } from './kind.ts';
import { type Subject, startSubject } from './subjects.ts';

export interface KindsLab {
  readonly zabbix: ZabbixLab;
  readonly subjects: readonly Subject[];
}

/** Zabbix with default settings, and one of each kind that sends values. Nothing of AWS yet. */
export async function startKindsLab(version: ZabbixVersion, kinds: readonly Kind[]): Promise<KindsLab> {
  // Until all of them are known to their proxies: 6.0 sends a passive one its configuration once in an hour by default.
  const parameters = { ...serverParameters, ProxyConfigFrequency: '5' };
  // Its role may read proxies, and change their keys.
  const zabbix = await startZabbix({ version, rotates: 'proxies', server: { parameters } });
  try {
    const subjects = await Promise.all(kinds.map((kind) => startSubject(zabbix, kind)));
    await zabbix.server.restart({ parameters: serverParameters });
    const sinceMs = Date.now();
    await Promise.all(zabbix.hosts.map((host) => host.awaitValues(sinceMs, settleWithinS)));
    return { zabbix, subjects };
  } catch (error) {
    await zabbix.stop();
    throw error;
  }
}

/** An active agent that met no server asks again after a minute, or after two in 6.0. Seconds. */
const settleWithinS = 240;
