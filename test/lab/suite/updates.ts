import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';

/** A call by which the function changes something in Zabbix, and which hosts stand in it. */
export interface Update {
  /** `host.update` */
  readonly method: string;
  /** their names, sorted */
  readonly hosts: readonly string[];
}

/** The calls that have changed something in Zabbix while something was done, whichever object they are about, oldest first. */
export async function updatesDuring<T>(
  { zabbix: { apiTraffic } }: Lab,
  hosts: readonly SmallHost[],
  act: () => Promise<T>,
): Promise<{ readonly end: T; readonly updates: readonly Update[] }> {
  const updates: Update[] = [];
  apiTraffic.observer = {
    asked({ method }, mentions) {
      if (/update$/.test(method)) {
        const named = hosts.filter(({ monitored }) => mentions(`"${monitored.hostId}"`));
        updates.push({ method, hosts: named.map(({ computerName }) => computerName).sort() });
      }
      return 'pass';
    },
  };
  try {
    return { end: await act(), updates };
  } finally {
    apiTraffic.observer = undefined;
  }
}
