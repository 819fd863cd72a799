import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import type { Lab } from '../lab.ts';
import { sharesKey } from './behind-proxy.ts';
import { endOf, labelled } from './held.ts';
import { currentOf } from './proxies.ts';

const rows = [
  { name: 'grouped', broken: false },
  { name: 'grouped-back', broken: true },
] as const;

export const secretsOfProxyGroup = rows.map(({ name }) => name);

/** A group of two active proxies, of which the server assigns one to each host; agents know both (`ServerActive=a;b`). Since 7.0. */
export function proxyGroup(lab: () => Lab): void {
  describe('a host behind a proxy group', () => {
    test('ends on the new key, or back on the old one, whichever proxy it is assigned to', async () => {
      const proxies = await Promise.all(['group-one', 'group-two'].map((name) => lab().proxy({ name })));
      const groupId = await group(lab(), proxies);
      const [host, broken] = await Promise.all(rows.map(({ name }) => hostInGroup(lab(), name, proxies, groupId)));
      if (host === undefined || broken === undefined) throw new Error('a host is missing');
      await broken.inflict('cannotStartWithNewKey');

      const [forward, back] = await Promise.all(rows.map(({ name }) => lab().rotate(name)));

      expect(forward).toMatchObject({ outcome: 'succeeded', failures: [] });
      const current = currentOf(lab(), 'grouped');
      await sharesKey(host, current);
      expect(endOf(lab(), 'grouped', current.versionId)).toMatchObject({
        outcome: 'rotated',
        targets: [{ target: 'grouped', gate: 'shadow-agent', proofs: { storedInZabbix: true } }],
      });
      expect(back?.failures[0]?.errorMessage).toMatch(/rolled back: grouped-back is proven to be on the old key again/);
      expect(labelled(lab(), 'grouped-back', 'AWSPENDING')).toBeUndefined();
      await sharesKey(broken, broken.credential);
    });
  });
}

/** Makes a group of these proxies. @returns its proxy_groupid */
async function group(lab: Lab, proxies: readonly SmallProxy[]): Promise<string> {
  const { api, server } = lab.zabbix;
  const made = { name: 'site', failover_delay: '10s', min_online: '1' };
  const { proxy_groupids } = await api.call(
    'proxygroup.create',
    made,
    z.object({ proxy_groupids: z.array(z.string()) }),
  );
  const [groupId = ''] = proxy_groupids;
  for (const { proxyId, ip } of proxies) {
    const about = { proxyid: proxyId, proxy_groupid: groupId, local_address: ip, local_port: '10051' };
    await api.call('proxy.update', about, z.unknown());
  }
  await server.reloadConfigurationCache();
  return groupId;
}

async function hostInGroup(
  lab: Lab,
  name: string,
  proxies: readonly SmallProxy[],
  groupId: string,
): Promise<SmallHost> {
  const { api, server } = lab.zabbix;
  const all = proxies.map(({ ip }) => ip);
  const [first] = proxies;
  if (first === undefined) throw new Error('a group has a proxy');
  const host = await lab.host({
    name,
    agent: 'zabbix_agentd',
    behind: first,
    server: all.join(','),
    serverActive: all.join(';'),
  });
  const about = { hostid: host.monitored.hostId, monitored_by: 2, proxy_groupid: groupId };
  await api.call('host.update', about, z.unknown());
  await server.reloadConfigurationCache();
  const reply = z.tuple([z.object({ assigned_proxyid: z.string() })]);
  await eventually(
    `${name} is assigned to a proxy`,
    async () => {
      const asked = { hostids: [host.monitored.hostId], output: ['assigned_proxyid'] };
      const [{ assigned_proxyid }] = await api.call('host.get', asked, reply);
      return assigned_proxyid !== '0';
    },
    { withinS: 90 },
  );
  await host.awaitValues(Date.now(), 120);
  await lab.adopt(name, [host]);
  return host;
}
