import { describe, expect, test } from 'vitest';
import type { StartFault } from '../hosts/faults.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy, SmallProxyOptions } from '../hosts/small-proxy.ts';
import type { Lab } from '../lab.ts';
import { endOf, type HeldVersion, labelled, leftOn, ownerAndMode } from './held.ts';

interface Row {
  readonly name: string;
  readonly proxy: Partial<SmallProxyOptions>;
  /** How it was known that the server takes the new key. */
  readonly gate: string;
}

const rows: readonly Row[] = [
  { name: 'px-sqlite3', proxy: { backend: 'sqlite3' }, gate: 'proxy-log' },
  { name: 'px-passive', proxy: { mode: 'passive' }, gate: 'proxy-log' },
  { name: 'px-postgresql', proxy: { backend: 'postgresql', agent: 'zabbix_agentd' }, gate: 'zabbix-sender' },
  { name: 'px-passive-postgresql', proxy: { mode: 'passive', backend: 'postgresql' }, gate: 'proxy-log' },
];

interface BrokenRow extends Required<Pick<SmallProxyOptions, 'name' | 'mode' | 'backend'>> {
  readonly fault: StartFault;
}

const broken: readonly BrokenRow[] = [
  { name: 'px-back-dead', mode: 'active', backend: 'sqlite3', fault: 'cannotStartWithNewKey' },
  { name: 'px-back-hangs', mode: 'active', backend: 'sqlite3', fault: 'hangsAfterStart' },
  { name: 'px-back-passive', mode: 'passive', backend: 'sqlite3', fault: 'cannotStartWithNewKey' },
  { name: 'px-back-postgresql', mode: 'active', backend: 'postgresql', fault: 'cannotStartWithNewKey' },
];

export const secretsOfProxies = [...rows, ...broken].map(({ name }) => name);

export function proxies(lab: () => Lab): void {
  describe('a proxy', () => {
    test.each(rows)(
      '$name ends on the new key, proven, at the gate $gate; what it brought meanwhile is complete',
      async ({ name, proxy: options, gate }) => {
        const { proxy, inside } = await site(lab(), { name, ...options });
        await lab().adopt(name, [proxy]);
        const capture = await lab().zabbix.captureBetween(proxy.ip, lab().zabbix.server.ip);
        const fromMs = Date.now();

        const { outcome, failures, versionId } = await lab().rotate(name);

        expect(failures).toEqual([]);
        expect(outcome).toBe('succeeded');
        const current = currentOf(lab(), name);
        expect(current.versionId).toBe(versionId);
        expect(current.psk === proxy.credential.psk).toBe(false);
        expect(current.identity).toMatch(new RegExp(`^${name}\\.[b-z2-9]{6}$`));
        await shares(proxy, current);
        await complete(inside, fromMs);
        expect((await capture.stop()).readable(['ZBXD'])).toEqual([]);
        expect(endOf(lab(), name, versionId)).toMatchObject({
          outcome: 'rotated',
          targets: [{ target: name, gate, proofs: { through: { seen: 'value', host: inside.computerName } } }],
        });
        const proofs = lab()
          .facts(name)
          .filter(({ event }) => event === 'target.proven');
        expect(proofs).toMatchObject([
          { evidence: { contact: { item: 'lastaccess' }, through: { seen: 'value', host: inside.computerName } } },
        ]);
      },
    );

    test.each(broken)(
      '$name ($mode, $backend) that $fault with the new key is back on the old one, proven; nothing is lost, and the next rotation works',
      async ({ name, mode, backend, fault }) => {
        const { proxy, inside } = await site(lab(), { name, mode, backend });
        await lab().adopt(name, [proxy]);
        const before = currentOf(lab(), name);
        await proxy.inflict(fault);
        const fromMs = Date.now();

        const { outcome, failures, versionId } = await lab().rotate(name);

        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be on the old key again`),
        );
        expect(currentOf(lab(), name)).toEqual(before);
        expect(labelled(lab(), name, 'AWSPENDING')).toBeUndefined();
        await shares(proxy, proxy.credential);
        await complete(inside, fromMs);
        expect(endOf(lab(), name, versionId)).toMatchObject({ outcome: 'rolled-back' });

        proxy.heal();
        expect(await lab().rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
        await shares(proxy, currentOf(lab(), name));
      },
    );
  });
}

/** A proxy, and a host behind it that sends without encryption, as inside a site. */
export async function site(
  lab: Lab,
  options: SmallProxyOptions,
): Promise<{ readonly proxy: SmallProxy; readonly inside: SmallHost }> {
  const proxy = await lab.proxy(options);
  const inside = await lab.host({ name: `behind-${options.name}`, behind: proxy, psk: null, activeEveryS: 5 });
  return { proxy, inside };
}

export function currentOf(lab: Lab, secret: string): HeldVersion {
  const current = labelled(lab, secret, 'AWSCURRENT');
  if (current === undefined) throw new Error(`${secret} has no AWSCURRENT`);
  return current;
}

/** Proxy and Zabbix hold this key, the proxy runs and is heard of, and nothing of a rotation is left on its machine. */
export async function shares(proxy: SmallProxy, credential: Pick<HeldVersion, 'identity' | 'psk'>): Promise<void> {
  expect(proxy.keyInPlace() === credential.psk).toBe(true);
  expect(proxy.identityInPlace()).toBe(credential.identity);
  expect(await proxy.zabbixHolds(credential)).toBe(true);
  expect(await ownerAndMode(proxy, proxy.keyFile)).toBe('zabbix:zabbix 400');
  expect(await proxy.proxyRuns()).toBe(true);
  await proxy.awaitSeen(Date.now());
  expect(await leftOn(proxy)).toEqual([]);
}

/** Every value that the active item of a host behind a proxy has sent since then is there: the proxy kept what it could not bring. */
export async function complete(inside: SmallHost, fromMs: number): Promise<void> {
  await inside.awaitValues(Date.now());
  const { lost, samplesMs } = await inside.history('active', { fromMs: fromMs - 10_000 });
  expect(lost).toBe(0);
  expect(samplesMs.length).toBeGreaterThan(3);
}
