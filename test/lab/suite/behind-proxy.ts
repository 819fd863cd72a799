import { describe, expect, test } from 'vitest';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import type { ProxyMode } from '../zabbix/monitored-proxy.ts';
import { endOf, labelled, leftOn } from './held.ts';
import { currentOf } from './proxies.ts';

const rows = [
  { name: 'behind-agentd', agent: 'zabbix_agentd', mode: 'active' },
  { name: 'behind-agent2', agent: 'zabbix_agent2', mode: 'active' },
  { name: 'behind-passive', agent: 'zabbix_agentd', mode: 'passive' },
] as const;
const broken = [
  { name: 'behind-back', mode: 'active' },
  { name: 'behind-back-passive', mode: 'passive' },
] as const;

export const secretsOfBehindProxy = [...rows, ...broken].map(({ name }) => name);

export function behindProxy(lab: () => Lab, version: ZabbixVersion): void {
  describe('a host behind a proxy', () => {
    if (version === '6.0') {
      test('is refused before anything is changed: its proxy may learn of a new key an hour later', async () => {
        const [{ name, agent }] = rows;
        const host = await hostBehind(lab(), name, agent);
        const { outcome, failures } = await lab().rotate(name);
        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(/learns of a new key only with its next configuration/);
        await sharesKey(host, host.credential);
      });
      return;
    }

    test.each(rows)(
      '($agent, proxy $mode) ends on the new key as soon as the proxy takes it',
      async ({ name, agent, mode }) => {
        const host = await hostBehind(lab(), name, agent, mode);
        const { outcome, failures, versionId } = await lab().rotate(name);
        expect(failures).toEqual([]);
        expect(outcome).toBe('succeeded');
        const current = currentOf(lab(), name);
        expect(current.versionId).toBe(versionId);
        await sharesKey(host, current);
        expect(endOf(lab(), name, versionId)).toMatchObject({
          outcome: 'rotated',
          targets: [
            {
              target: name,
              gate: 'shadow-agent',
              proxy: `proxy-of-${name}`,
              proofs: { oldKey: 'refused', storedInZabbix: true },
            },
          ],
        });
      },
    );

    test.each(broken)(
      '$name (proxy $mode) that cannot start with the new key is back on the old one, and so is the proxy',
      async ({ name, mode }) => {
        const host = await hostBehind(lab(), name, 'zabbix_agentd', mode);
        await host.inflict('cannotStartWithNewKey');
        const { outcome, failures } = await lab().rotate(name);
        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be on the old key again`),
        );
        expect(labelled(lab(), name, 'AWSPENDING')).toBeUndefined();
        await sharesKey(host, host.credential);
      },
    );
  });
}

async function hostBehind(
  lab: Lab,
  name: string,
  agent: SmallHost['agent'],
  mode: ProxyMode = 'active',
): Promise<SmallHost> {
  const proxy = await lab.proxy({ name: `proxy-of-${name}`, mode });
  const host = await lab.host({ name, behind: proxy, agent });
  await lab.adopt(name, [host]);
  return host;
}

/** Agent and Zabbix hold this key, values come in, and no half of an exchange is left on the node. */
export async function sharesKey(host: SmallHost, credential: SmallHost['credential']): Promise<void> {
  expect(host.keyInPlace() === credential.psk).toBe(true);
  expect(host.identityInPlace()).toBe(credential.identity);
  expect(await host.zabbixHolds(credential)).toBe(true);
  await host.awaitValues(Date.now(), 150);
  expect((await leftOn(host)).filter((path) => /\.(next|previous)$/.test(path))).toEqual([]);
}
