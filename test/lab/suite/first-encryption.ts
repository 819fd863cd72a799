import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Door } from '../../../lambda/contract.ts';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { contents, sharesFirstKey } from './first-key.ts';
import { endOf, labelled, leftOn } from './held.ts';
import { currentOf } from './proxies.ts';

interface Row {
  readonly name: string;
  readonly agent: NonNullable<SmallHostOptions['agent']>;
  readonly checks: NonNullable<SmallHostOptions['checks']>;
  readonly takes: Door;
}

const rows: readonly Row[] = [
  { name: 'first-agentd', agent: 'zabbix_agentd', checks: 'both', takes: 'only-psk' },
  { name: 'first-agent2', agent: 'zabbix_agent2', checks: 'both', takes: 'only-psk' },
  { name: 'first-agentd-open', agent: 'zabbix_agentd', checks: 'both', takes: 'unencrypted-too' },
  { name: 'first-agent2-open', agent: 'zabbix_agent2', checks: 'passive', takes: 'unencrypted-too' },
  { name: 'first-agent2-active', agent: 'zabbix_agent2', checks: 'active', takes: 'only-psk' },
];
const broken: readonly (Row & { readonly fault: 'cannotStartWithNewKey' | 'hangsAfterStart' })[] = [
  { name: 'first-dead', agent: 'zabbix_agentd', checks: 'both', takes: 'only-psk', fault: 'cannotStartWithNewKey' },
  { name: 'first-hangs', agent: 'zabbix_agent2', checks: 'both', takes: 'only-psk', fault: 'hangsAfterStart' },
  {
    name: 'first-dead-open',
    agent: 'zabbix_agent2',
    checks: 'both',
    takes: 'unencrypted-too',
    fault: 'cannotStartWithNewKey',
  },
];
const refused = 'first-not-asked';
const proxies = [
  { name: 'first-proxy', mode: 'active' },
  { name: 'first-proxy-passive', mode: 'passive' },
] as const;
const brokenProxies = [
  { name: 'first-proxy-dead', mode: 'active' },
  { name: 'first-proxy-passive-dead', mode: 'passive' },
] as const;

/** Zabbix' own words: 1 unencrypted, 2 PSK, 3 both. */
const bits = { 'only-psk': '2', 'unencrypted-too': '3' } as const;

/** Hosts and proxies that have never had a key get one, keep it, and lose it again where that goes wrong. */
export function firstEncryptionOn(version: ZabbixVersion): void {
  describe(`a first encryption on Zabbix ${version}`, () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 3, parameters: { ProxyConfigFrequency: '5' } },
        timeouts: { serverWaitS: 30, agentStartS: 5, proveTimeoutS: 90 },
        habits: { rotationRetries: 0 },
        rotates: 'proxies',
        secrets: [...rows, ...broken, ...proxies, ...brokenProxies].map(({ name }) => name).concat(refused),
        firstEncryption: Object.fromEntries([
          ...[...rows, ...broken].map(({ name, takes }) => [name, takes]),
          ...[...proxies, ...brokenProxies].map(({ name }) => [name, 'only-psk']),
        ]),
      });
    });
    afterAll(() => lab?.stop());

    async function unencrypted({ name, agent, checks }: Pick<Row, 'name' | 'agent' | 'checks'>): Promise<SmallHost> {
      const keyFile = { path: `/etc/zabbix/${agent === 'zabbix_agentd' ? 'zabbix_agentd' : 'zabbix_agent2'}.psk` };
      const host = await lab.host({ name, agent, checks, keyFile, psk: null });
      await wait(name, host);
      return host;
    }

    async function unencryptedProxy(name: string, mode: SmallProxy['mode']): Promise<SmallProxy> {
      const proxy = await lab.proxy({ name, mode, psk: null, keyFile: { path: '/etc/zabbix/zabbix_proxy.psk' } });
      await wait(name, proxy);
      return proxy;
    }

    const wait = (secret: string, { target }: SmallHost | SmallProxy) =>
      lab.put(secret, JSON.stringify({ unencrypted: true, targets: [target] }));

    /** What Zabbix connects with and takes: `1/1` before. */
    async function directions(host: SmallHost): Promise<string> {
      const reply = z.tuple([z.object({ tls_connect: z.string(), tls_accept: z.string() })], z.unknown());
      const asked = { hostids: [host.monitored.hostId], output: ['tls_connect', 'tls_accept'] };
      const [found] = await lab.zabbix.api.call('host.get', asked, reply);
      return `${found.tls_connect}/${found.tls_accept}`;
    }

    test.concurrent.each(rows)(
      '$name: $agent, $checks, gets its first key, takes $takes, and is rotated from then on',
      async ({ takes, ...row }) => {
        const { name } = row;
        const host = await unencrypted(row);
        const before = host.machine.read(host.paths.config);
        expect(await directions(host)).toBe('1/1');

        const { outcome, failures, versionId } = await lab.rotate(name);

        expect(failures).toEqual([]);
        expect(outcome).toBe('succeeded');
        const first = currentOf(lab, name);
        expect(first.versionId).toBe(versionId);
        await sharesFirstKey(host, first);
        expect(await directions(host)).toBe(`2/${bits[takes]}`);
        const accept = takes === 'only-psk' ? 'psk' : 'unencrypted,psk';
        expect(host.machine.read(host.paths.config)).toBe(
          `${before}${before.endsWith('\n') ? '' : '\n'}# First key, by zabbix-psk-rotation${before.endsWith('\n') ? '' : ' (the line before had no end)'}\nTLSConnect=psk\nTLSAccept=${accept}\nTLSPSKIdentity=${first.identity}\nTLSPSKFile=${host.keyFile}\n# End of the first key\n`,
        );
        expect(endOf(lab, name, versionId)).toMatchObject({
          outcome: 'rotated',
          targets: [{ target: name, proofs: { storedInZabbix: true } }],
        });
        if (row.checks !== 'passive')
          expect(endOf(lab, name, versionId)).toMatchObject({ targets: [{ gate: 'shadow-agent' }] });
        if (takes === 'only-psk' && row.checks !== 'passive')
          expect(endOf(lab, name, versionId)).toMatchObject({ targets: [{ proofs: { oldKey: 'refused' } }] });

        const next = await lab.rotate(name);
        expect(next).toMatchObject({ outcome: 'succeeded', failures: [] });
        const second = currentOf(lab, name);
        expect(second.psk === first.psk).toBe(false);
        await sharesFirstKey(host, second);
        expect(await directions(host)).toBe(`2/${bits[takes]}`);
      },
    );

    test.concurrent.each(broken)(
      '$name: $agent that $fault comes back to exactly what it was, and gets its first key when it is well',
      async ({ fault, ...row }) => {
        const { name } = row;
        const host = await unencrypted(row);
        const before = await contents(host);
        await host.inflict(fault);

        const { outcome, failures, versionId } = await lab.rotate(name);

        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be unencrypted again, as before`),
        );
        expect(await contents(host)).toBe(before);
        expect(host.exists(host.keyFile)).toBe(false);
        expect(await directions(host)).toBe('1/1');
        expect(await host.agentRuns()).toBe(true);
        await host.awaitValues(Date.now(), 150);
        expect(labelled(lab, name, 'AWSPENDING')).toBeUndefined();
        expect(await leftOn(host)).toEqual([]);
        expect(endOf(lab, name, versionId)).toMatchObject({ outcome: 'rolled-back' });

        host.heal();
        expect(await lab.rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
        await sharesFirstKey(host, currentOf(lab, name));
      },
    );

    test.concurrent('nobody who has not asked for it is encrypted', async () => {
      const host = await unencrypted({ name: refused, agent: 'zabbix_agentd', checks: 'both' });
      const before = await contents(host);
      const { outcome, failures } = await lab.rotate(refused);
      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(/the inventory asks for no first encryption/);
      expect(await contents(host)).toBe(before);
      expect(await directions(host)).toBe('1/1');
    });

    test.concurrent.each(proxies)('$name: a proxy that is $mode gets its first key, too', async ({ name, mode }) => {
      const proxy = await unencryptedProxy(name, mode);
      const { outcome, failures } = await lab.rotate(name);
      expect(failures).toEqual([]);
      expect(outcome).toBe('succeeded');
      const { identity, psk } = currentOf(lab, name);
      expect(proxy.keyInPlace() === psk).toBe(true);
      expect(proxy.identityInPlace()).toBe(identity);
      await proxy.awaitSeen(Date.now());
      expect(await leftOn(proxy)).toEqual([]);
      expect(await lab.rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
      await proxy.awaitSeen(Date.now());
    });

    test.concurrent.each(brokenProxies)(
      '$name: a proxy that is $mode and cannot start with a key comes back to exactly what it was, and gets its first key when it is well',
      async ({ name, mode }) => {
        const proxy = await unencryptedProxy(name, mode);
        const before = await contents(proxy);
        await proxy.inflict('cannotStartWithNewKey');

        const { outcome, failures, versionId } = await lab.rotate(name);

        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be unencrypted again, as before`),
        );
        expect(await contents(proxy)).toBe(before);
        expect(existsSync(proxy.machine.path(proxy.keyFile))).toBe(false);
        expect(await proxy.proxyRuns()).toBe(true);
        await proxy.awaitSeen(Date.now());
        expect(labelled(lab, name, 'AWSPENDING')).toBeUndefined();
        expect(await leftOn(proxy)).toEqual([]);
        expect(endOf(lab, name, versionId)).toMatchObject({ outcome: 'rolled-back' });

        proxy.heal();
        expect(await lab.rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
        expect(proxy.keyInPlace() === currentOf(lab, name).psk).toBe(true);
        await proxy.awaitSeen(Date.now());
      },
    );
  });
}
