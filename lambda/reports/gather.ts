import type { Deadline } from '../rotation/deadline.ts';
import { askedOf } from './asked.ts';
import { gatherRecords } from './gather-records.ts';
import { gatherSecrets } from './gather-secrets.ts';
import type { Asked, Gathered, ZabbixObject } from './gathered.ts';
import type { ReportPorts } from './ports.ts';

export interface Wanted {
  readonly asOf: string;
  readonly period: Gathered['period'];
  readonly longestKeyAgeDays: number;
}

/** Asks everybody. What cannot be asked becomes a part that is unknown and says why: the rest of the report is worth having. */
export async function gather(
  { asOf, period, longestKeyAgeDays }: Wanted,
  ports: ReportPorts,
  deadline: Deadline,
): Promise<Gathered> {
  const { inventory, bucket } = ports;
  const version = await askedOf(() => inventory.version());
  // One after the other: the lists of a large Zabbix are long, and the memory of the function is not.
  const hosts = await askedOf(() => inventory.hosts());
  const zabbix = {
    version: 'known' in version ? version.known : 'unknown',
    hosts: copied(hosts),
    proxies: copied(await askedOf(() => inventory.proxies())),
    autoregistration: await askedOf(() => inventory.autoregistration()),
    readers: copied(await askedOf(() => inventory.readers())),
  };
  const shown = {
    host: namesOf(zabbix.hosts),
    proxy: namesOf(zabbix.proxies),
    autoregistration: undefined,
  };
  // Together: reading records takes the function's share of a core, and secrets and nodes mostly time.
  const [records, secrets] = await Promise.all([
    askedOf(() => gatherRecords(bucket, period.from)),
    askedOf(() => gatherSecrets(ports, shown, deadline)),
  ]);
  return {
    asOf,
    period,
    zabbix,
    secrets: copied(secrets),
    records: 'known' in records ? { known: [...records.known.records] } : records,
    chains: 'known' in records ? [...records.known.chains] : [],
    longestKeyAgeDays,
  };
}

function namesOf(list: Asked<readonly ZabbixObject[]>): ReadonlySet<string> | undefined {
  return 'known' in list ? new Set(list.known.map(({ name }) => name)) : undefined;
}

function copied<T>(list: Asked<readonly T[]>): Asked<T[]> {
  return 'known' in list ? { known: [...list.known] } : list;
}
