import type { SmallHost } from '../../hosts/small-host.ts';
import { query } from '../../zabbix/database.ts';
import type { Period } from '../../zabbix/item-history.ts';
import type { ZabbixLab } from '../../zabbix/zabbix-lab.ts';
import { itemEveryS } from '../bench-lab.ts';
import { hole } from '../hole.ts';
import { inS } from '../in-seconds.ts';
import type { Items } from './results.ts';

/** What became of both items of a host in a period. */
export async function readItems(zabbix: ZabbixLab, host: SmallHost, period: Required<Period>): Promise<Items> {
  const read = async (direction: 'passive' | 'active') => {
    const [{ samplesMs }, latestS] = await Promise.all([
      host.history(direction, period),
      latest(zabbix, host.monitored.items[direction]?.itemId ?? '', period),
    ]);
    const { longestMs, lost } = hole(samplesMs, itemEveryS);
    return { holeS: inS(longestMs), lost, latestS };
  };
  const [passive, active] = await Promise.all([read('passive'), read('active')]);
  return { passive, active };
}

/** Seconds from a value's own time to the commit that brought it into the server's database, of the value that came latest. */
async function latest({ serverMachine }: ZabbixLab, itemId: string, period: Required<Period>): Promise<number> {
  const taken = '(clock + ns / 1e9)';
  const sql = `select max(extract(epoch from pg_xact_commit_timestamp(xmin)) - ${taken}) from history_uint
    where itemid = ${Number(itemId)} and ${taken} between ${period.fromMs / 1000} and ${period.toMs / 1000};`;
  const [seconds = ''] = await query(serverMachine, 'zabbix', sql);
  if (seconds === '') throw new Error(`nobody knows when the values of item ${itemId} came`);
  return inS(Number(seconds) * 1000);
}
