import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import type { Certificate } from '../zabbix/authority.ts';
import { contents, sharesFirstKey } from './first-key.ts';
import { endOf, labelled, leftOn } from './held.ts';
import { currentOf } from './proxies.ts';

interface Row {
  readonly name: string;
  readonly agent: NonNullable<SmallHostOptions['agent']>;
  readonly checks: NonNullable<SmallHostOptions['checks']>;
  readonly certificate: NonNullable<SmallHostOptions['certificate']>;
}

const rows: readonly Row[] = [
  { name: 'cert-agentd', agent: 'zabbix_agentd', checks: 'both', certificate: 'own' },
  { name: 'cert-agent2', agent: 'zabbix_agent2', checks: 'both', certificate: 'own' },
  { name: 'cert-agent2-active', agent: 'zabbix_agent2', checks: 'active', certificate: 'anybody' },
];
const broken: readonly (Row & { readonly fault: 'cannotStartWithNewKey' | 'hangsAfterStart' })[] = [
  { name: 'cert-dead', agent: 'zabbix_agentd', checks: 'both', certificate: 'own', fault: 'cannotStartWithNewKey' },
  { name: 'cert-hangs', agent: 'zabbix_agent2', checks: 'both', certificate: 'own', fault: 'hangsAfterStart' },
];
const other = 'cert-other';
const proxies = [
  { name: 'cert-proxy', mode: 'active' },
  { name: 'cert-proxy-passive', mode: 'passive' },
] as const;
const brokenProxy = 'cert-proxy-dead';
const everybody = [...rows, ...broken, ...proxies].map(({ name }) => name).concat(other, brokenProxy);

/** Hosts and proxies that use certificates get a key in their place, keep it, and have their certificates again where that goes wrong. */
export function certificatesOn(version: ZabbixVersion): void {
  describe(`a first key in place of a certificate on Zabbix ${version}`, () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 3, parameters: { ProxyConfigFrequency: '5' } },
        usesCertificates: true,
        timeouts: { serverWaitS: 30, agentStartS: 5, proveTimeoutS: 90 },
        habits: { rotationRetries: 0 },
        rotates: 'proxies',
        secrets: everybody,
        firstEncryption: Object.fromEntries(everybody.map((name) => [name, 'only-psk'])),
      });
    });
    afterAll(() => lab?.stop());

    async function withCertificate({ name, agent, checks, certificate }: Row): Promise<SmallHost> {
      const keyFile = { path: `/etc/zabbix/${agent}.psk` };
      const host = await lab.host({ name, agent, checks, keyFile, psk: null, certificate });
      await wait(name, host, certificate === 'own' ? ownOf(name) : true);
      return host;
    }

    async function proxyWithCertificate(name: string, mode: SmallProxy['mode']): Promise<SmallProxy> {
      const keyFile = { path: '/etc/zabbix/zabbix_proxy.psk' };
      const proxy = await lab.proxy({ name, mode, psk: null, certificate: 'own', keyFile });
      await wait(name, proxy, ownOf(name));
      return proxy;
    }

    const ownOf = (name: string): Certificate => ({ issuer: 'CN=Zabbix peers,O=Lab', subject: `CN=${name},O=Lab` });

    const wait = (secret: string, { target }: SmallHost | SmallProxy, certificate: Certificate | true) =>
      lab.put(secret, JSON.stringify({ certificate, targets: [target] }));

    const fields = ['tls_connect', 'tls_accept', 'tls_issuer', 'tls_subject'] as const;
    const reply = z.tuple([z.object(Object.fromEntries(fields.map((field) => [field, z.string()])))], z.unknown());

    /** What Zabbix holds of the encryption of a host or proxy, but for the key. */
    async function held(one: SmallHost | SmallProxy): Promise<string> {
      const [method, ids] =
        'proxyId' in one
          ? (['proxy.get', { proxyids: [one.proxyId] }] as const)
          : (['host.get', { hostids: [one.monitored.hostId] }] as const);
      const [found] = await lab.zabbix.api.call(method, { ...ids, output: fields }, reply);
      return fields.map((field) => found[field]).join('|');
    }

    test.concurrent.each(rows)(
      '$name: $agent, $checks, gets its first key, and is rotated from then on',
      async (row) => {
        const { name } = row;
        const host = await withCertificate(row);
        const before = host.machine.read(host.paths.config);
        const { issuer, subject } = row.certificate === 'own' ? ownOf(name) : { issuer: '', subject: '' };
        expect(await held(host)).toBe(`4|4|${issuer}|${subject}`);

        const { outcome, failures, versionId } = await lab.rotate(name);

        expect(failures).toEqual([]);
        expect(outcome).toBe('succeeded');
        const first = currentOf(lab, name);
        expect(first.versionId).toBe(versionId);
        await sharesFirstKey(host, first);
        expect(await held(host)).toBe('2|2||');
        expect(host.machine.read(host.paths.config)).toBe(
          `${before}# First key, by zabbix-psk-rotation\nTLSConnect=psk\nTLSAccept=cert,psk\nTLSPSKIdentity=${first.identity}\nTLSPSKFile=${host.keyFile}\n# End of the first key\n`,
        );
        expect(endOf(lab, name, versionId)).toMatchObject({
          outcome: 'rotated',
          targets: [{ target: name, gate: 'shadow-agent', proofs: { storedInZabbix: true, oldKey: 'refused' } }],
        });

        expect(await lab.rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
        const second = currentOf(lab, name);
        expect(second.psk === first.psk).toBe(false);
        await sharesFirstKey(host, second);
        expect(await held(host)).toBe('2|2||');
      },
    );

    test.concurrent.each(broken)(
      '$name: $agent that $fault comes back to its certificate, and gets its first key when it is well',
      async ({ fault, ...row }) => {
        const { name } = row;
        const host = await withCertificate(row);
        const [before, heldBefore] = [await contents(host), await held(host)];
        await host.inflict(fault);

        const { outcome, failures, versionId } = await lab.rotate(name);

        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be on the certificate again, as before`),
        );
        expect(await contents(host)).toBe(before);
        expect(host.exists(host.keyFile)).toBe(false);
        expect(await held(host)).toBe(heldBefore);
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

    test.concurrent('one whose certificate Zabbix knows by another name is refused', async () => {
      const row: Row = { name: other, agent: 'zabbix_agentd', checks: 'both', certificate: 'own' };
      const host = await withCertificate(row);
      const [before, heldBefore] = [await contents(host), await held(host)];
      await wait(other, host, true);
      const { outcome, failures } = await lab.rotate(other);
      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toContain(`subject "CN=${other},O=Lab"`);
      expect(await contents(host)).toBe(before);
      expect(await held(host)).toBe(heldBefore);
    });

    test.concurrent.each(proxies)('$name: a proxy that is $mode gets its first key, too', async ({ name, mode }) => {
      const proxy = await proxyWithCertificate(name, mode);
      const { outcome, failures } = await lab.rotate(name);
      expect(failures).toEqual([]);
      expect(outcome).toBe('succeeded');
      const { identity, psk } = currentOf(lab, name);
      expect(proxy.keyInPlace() === psk).toBe(true);
      expect(proxy.identityInPlace()).toBe(identity);
      expect(await held(proxy)).toBe(mode === 'active' ? '1|2||' : '2|1||');
      await proxy.awaitSeen(Date.now());
      expect(await leftOn(proxy)).toEqual([]);
      expect(await lab.rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
      await proxy.awaitSeen(Date.now());
    });

    test.concurrent(`${brokenProxy}: a proxy that cannot start with a key comes back to its certificate, and gets its first key when it is well`, async () => {
      const proxy = await proxyWithCertificate(brokenProxy, 'active');
      const [before, heldBefore] = [await contents(proxy), await held(proxy)];
      await proxy.inflict('cannotStartWithNewKey');

      const { outcome, failures } = await lab.rotate(brokenProxy);

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(/is proven to be on the certificate again, as before/);
      expect(await contents(proxy)).toBe(before);
      expect(existsSync(proxy.machine.path(proxy.keyFile))).toBe(false);
      expect(await held(proxy)).toBe(heldBefore);
      expect(await proxy.proxyRuns()).toBe(true);
      await proxy.awaitSeen(Date.now());
      expect(await leftOn(proxy)).toEqual([]);

      proxy.heal();
      expect(await lab.rotate(brokenProxy)).toMatchObject({ outcome: 'succeeded', failures: [] });
      await proxy.awaitSeen(Date.now());
    });
  });
}
