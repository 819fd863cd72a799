import type { ZodMiniType } from 'zod/mini';
import type { MonitoredHost } from '../rotation/model.ts';
import type { HostBehind } from '../rotation/ports.ts';
import type { Dialect } from './dialect.ts';
import { itemsReply, newestReply, proxyHostsReply } from './objects.ts';
import { activeItem, chooseWitness, passiveItem } from './witness.ts';

type Get = <T>(method: string, params: unknown, shape: ZodMiniType<T>) => Promise<T>;

/** One that is heard is enough, and the newest value of every item is costly to tell. */
const hostsMax = 20;

/** Hosts that a proxy monitors, as far as the API user may see them, each with its witness. Three questions, however many hosts there are. */
export async function hostsBehind(
  { hostId }: Pick<MonitoredHost, 'hostId'>,
  get: Get,
  { proxyHosts }: Dialect,
): Promise<readonly HostBehind[]> {
  const selected = Object.fromEntries(proxyHosts.map(([select]) => [select, ['hostid', 'host', 'status']]));
  const found = await get('proxy.get', { proxyids: [hostId], output: ['proxyid'], ...selected }, proxyHostsReply);
  const named = new Map<string, string>();
  for (const proxy of found)
    for (const [, field] of proxyHosts)
      for (const { hostid, host, status } of proxy[field] ?? []) if (status === '0') named.set(hostid, host);
  const hosts = [...named].slice(0, hostsMax);
  if (hosts.length === 0) return [];

  const items = await get(
    'item.get',
    {
      hostids: hosts.map(([hostid]) => hostid),
      output: ['itemid', 'hostid', 'key_', 'type', 'delay', 'state', 'history'],
      selectPreprocessing: ['type'],
      filter: { type: [passiveItem, activeItem] },
      monitored: true,
    },
    itemsReply,
  );
  const witnesses = hosts.flatMap(([hostid, name]) => {
    const own = items.filter((item) => item.hostid === hostid).map((item) => ({ ...item, lastclock: 0 }));
    // What protects the way from host to proxy does not matter here. What the proxy polls is taken first: its clock is its node's.
    const witness = chooseWitness(own, { connect: 'psk', accept: ['psk'], behindProxy: false });
    return witness === undefined ? [] : [{ name, witness }];
  });
  if (witnesses.length === 0) return [];

  const itemids = witnesses.map(({ witness }) => witness.itemId);
  const newest = await get('item.get', { itemids, output: ['itemid', 'lastclock'] }, newestReply);
  return witnesses.map(({ name, witness }) => ({
    name,
    witness: {
      ...witness,
      clockOf: witness.clockOf === 'server' ? 'proxy' : witness.clockOf,
      lastS: newest.find(({ itemid }) => itemid === witness.itemId)?.lastclock ?? 0,
    },
  }));
}
