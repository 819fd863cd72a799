import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import type { Lab } from '../lab.ts';
import type { Machine } from '../machine.ts';
import { endOf, type HeldVersion, labelled } from './held.ts';
import { complete, currentOf, shares, site } from './proxies.ts';

/** Which of the two programs on the machine cannot start with the new key. */
const broken = ['proxy', 'agent'] as const;

export const secretsOfSetupA = ['zabbix-proxy', ...broken.map((program) => `zabbix-proxy-${program}`)];

/**
 * A remote site over the Internet, with the very parameters of the people who asked for this: an active proxy on PostgreSQL, agents in
 * clear behind it, and an agent on its own machine that reports to the server and shares identity and key file with the proxy.
 */
export function setupA(lab: () => Lab): void {
  describe('a proxy and the agent on its machine with one identity and one key file', () => {
    test('one rotation moves both programs and both objects; nothing is lost and nothing can be read', async () => {
      const name = 'zabbix-proxy';
      const { proxy, inside, host } = await remoteSite(lab(), name);
      expect(inForce(proxy, proxy.paths.config)).toMatchObject({
        ...{ ProxyMode: '0', Hostname: 'zabbix-proxy', TLSConnect: 'psk' },
        ...{ TLSPSKIdentity: 'psk_remote', TLSPSKFile: '/etc/zabbix/zabbix_proxy.psk' },
      });
      expect(inForce(host, host.paths.config)).toMatchObject({
        ...{ Server: lab().zabbix.server.ip, TLSConnect: 'psk', TLSAccept: 'psk' },
        ...{ TLSPSKIdentity: 'psk_remote', TLSPSKFile: '/etc/zabbix/zabbix_proxy.psk' },
      });
      expect(inForce(inside, inside.paths.config)).toMatchObject({ Server: proxy.ip });
      const capture = await lab().zabbix.captureBetween(proxy.ip, lab().zabbix.server.ip);
      const fromMs = Date.now();

      const { outcome, failures, versionId } = await lab().rotate(name);

      expect(failures).toEqual([]);
      expect(outcome).toBe('succeeded');
      const current = currentOf(lab(), name);
      expect(current.versionId).toBe(versionId);
      expect(current.identity).toMatch(/^psk_remote\.[b-z2-9]{6}$/);
      expect(current.psk).toMatch(/^[0-9a-f]{64}$/);
      await bothShare(proxy, host, current);
      await complete(inside, fromMs);
      const traffic = await capture.stop();
      expect(traffic.empty).toBe(false);
      expect(traffic.readable(inClear(inside, host))).toEqual([]);
      expect(endOf(lab(), name, versionId)).toMatchObject({
        outcome: 'rotated',
        targets: expect.arrayContaining([
          expect.objectContaining({ target: name }),
          expect.objectContaining({ target: host.computerName }),
        ]),
      });
    });

    test.each(broken)('both are back on the old key when the %s cannot start with the new one', async (program) => {
      const name = `zabbix-proxy-${program}`;
      const { proxy, inside, host } = await remoteSite(lab(), name);
      const before = currentOf(lab(), name);
      await (program === 'proxy' ? proxy : host).inflict('cannotStartWithNewKey');
      const capture = await lab().zabbix.captureBetween(proxy.ip, lab().zabbix.server.ip);
      const fromMs = Date.now();

      const { outcome, failures, versionId } = await lab().rotate(name);

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(/rolled back: .* proven to be on the old key again/);
      expect(currentOf(lab(), name)).toEqual(before);
      expect(labelled(lab(), name, 'AWSPENDING')).toBeUndefined();
      await bothShare(proxy, host, proxy.credential);
      await complete(inside, fromMs);
      const traffic = await capture.stop();
      expect(traffic.empty).toBe(false);
      expect(traffic.readable(inClear(inside, host))).toEqual([]);
      expect(endOf(lab(), name, versionId)).toMatchObject({ outcome: 'rolled-back' });

      (program === 'proxy' ? proxy : host).heal();
      expect(await lab().rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
      await bothShare(proxy, host, currentOf(lab(), name));
    });
  });
}

/** Where Zabbix' protocol begins (what follows may be compressed), what it asks for, and of whom. */
function inClear(...hosts: readonly SmallHost[]): readonly string[] {
  const names = hosts.flatMap(({ computerName, monitored }) => [
    computerName,
    ...Object.values(monitored.items).map(({ key }) => key),
  ]);
  return ['ZBXD', 'proxy data', 'active checks', ...names];
}

interface RemoteSite {
  readonly proxy: SmallProxy;
  /** an agent behind the proxy */
  readonly inside: SmallHost;
  /** the proxy's own machine, as a host */
  readonly host: SmallHost;
}

async function remoteSite(lab: Lab, name: string): Promise<RemoteSite> {
  // Each of the three has an identity of its own: to Zabbix 6.0 one identity is one key, whoever has it.
  const identity = name.replace('zabbix-proxy', 'psk_remote');
  const { proxy, inside } = await site(lab, {
    name,
    identity,
    backend: 'postgresql',
    agent: 'zabbix_agentd',
    instanceId: `mi-${createHash('sha256').update(name).digest('hex').slice(0, 17)}`,
    configFrequencyS: 300,
  });
  const { psk } = proxy.credential;
  const host = await lab.host({ name: `host-${name}`, on: proxy, identity, psk, keyFile: { path: proxy.keyFile } });
  await lab.adopt(name, [proxy, host]);
  return { proxy, inside, host };
}

/** Parameters that stand in a configuration file, by name. */
function inForce({ machine }: { readonly machine: Machine }, file: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...machine.read(file).matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

async function bothShare(
  proxy: SmallProxy,
  host: SmallHost,
  credential: Pick<HeldVersion, 'identity' | 'psk'>,
): Promise<void> {
  await shares(proxy, credential);
  expect(host.keyInPlace() === credential.psk).toBe(true);
  expect(host.identityInPlace()).toBe(credential.identity);
  expect(await host.zabbixHolds(credential)).toBe(true);
  expect(await host.agentRuns()).toBe(true);
  await host.awaitValues(Date.now(), 150);
}
