import type { MonitoredHost, Rotation, Target } from './model.ts';
import type { Monitor } from './ports.ts';

/** Which of a rotation's two credentials Zabbix has stored for a target; `untold`: it does not tell, and was not given one by us. */
export type Stored = 'current' | 'pending' | 'other' | 'untold';

/** A target as Zabbix describes it now, with the credential that it has stored for it. */
export async function findStored(
  target: Target,
  { current, pending }: Pick<Rotation, 'current' | 'pending'>,
  monitor: Pick<Monitor, 'find'>,
): Promise<{ readonly host: MonitoredHost; readonly stored: Stored }> {
  const { host, holds } = await monitor.find(target, [current, pending]);
  if (holds === 'untold') return { host, stored: 'untold' };
  return { host, stored: holds === undefined ? 'other' : holds === current ? 'current' : 'pending' };
}
