import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { portAccepts } from '../../../lambda/zabbix/port-probe.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import type { Credential } from '../zabbix/monitored-host.ts';
import { sharesKey } from './behind-proxy.ts';
import { endOf, labelled, leftOn } from './held.ts';
import { currentOf, shares } from './proxies.ts';
import { updatesDuring } from './updates.ts';

/** Each agent and each direction; `crowd-both` is the one that is broken later. */
const crowd = [
  { name: 'crowd-passive', agent: 'zabbix_agentd', checks: 'passive' },
  { name: 'crowd-active', agent: 'zabbix_agent2', checks: 'active' },
  { name: 'crowd-both', agent: 'zabbix_agentd', checks: 'both' },
] as const;
const names = crowd.map(({ name }) => name);
const inOneCall = { method: 'host.update', hosts: [...names].sort() };

/** One identity has one key in Zabbix: where it stays, all hosts that share it take the next key at once, and give it back at once. */
export function fixedIdentityOn(version: ZabbixVersion): void {
  describe(`an identity that stays, on Zabbix ${version}`, () => {
    const first = { identity: 'crowd', psk: randomBytes(32).toString('hex') };
    let lab: Lab;
    let hosts: readonly SmallHost[];

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 3 },
        timeouts: { serverWaitS: 30, agentStartS: 10, proveTimeoutS: 120 },
        habits: { rotationRetries: 0 },
        // So that nothing but the mode stands in the way of a proxy that shares the key.
        rotates: 'proxies',
        secrets: ['crowd', 'mixed'],
      });
      hosts = await Promise.all(crowd.map((about) => lab.host({ ...about, ...first })));
      await lab.adopt('crowd', hosts, { identityMode: 'fixed' });
    });
    afterAll(() => lab?.stop());

    test('three hosts are given the next key in one call, all are proven, and the old key is refused', async () => {
      const fromMs = Date.now();
      const { end, updates } = await updatesDuring(lab, hosts, () => lab.rotate('crowd'));

      expect(end).toMatchObject({ outcome: 'succeeded', failures: [] });
      expect(updates).toEqual([inOneCall]);
      const current = currentOf(lab, 'crowd');
      expect(current.versionId).toBe(end.versionId);
      expect([current.identity, current.psk === first.psk]).toEqual([first.identity, false]);
      await allShare(current);
      expect([await serverTakes(first), await serverTakes(current)]).toEqual([false, true]);
      expect(endOf(lab, 'crowd', end.versionId)).toMatchObject({
        outcome: 'rotated',
        targets: names.map((target) => ({
          ...{ target, gate: 'shadow-agent' },
          proofs: { oldKey: 'refused', storedInZabbix: true },
        })),
      });
      await haveUsualHoles(fromMs);
    });

    test('one of them cannot start with the next key: all are back on the old one, and the failure names it', async () => {
      const before = currentOf(lab, 'crowd');
      const broken = hosts.find(({ computerName }) => computerName === 'crowd-both');
      await broken?.inflict('cannotStartWithNewKey');

      const { end, updates } = await updatesDuring(lab, hosts, () => lab.rotate('crowd'));

      expect(end.outcome).toBe('failed');
      expect(end.failures[0]?.errorMessage).toMatch(
        /^crowd-both was not switched: .*; rolled back: crowd-passive, crowd-active, crowd-both are proven to be on the old key again$/,
      );
      expect(updates).toEqual([inOneCall, inOneCall]);
      expect(currentOf(lab, 'crowd')).toEqual(before);
      expect(labelled(lab, 'crowd', 'AWSPENDING')).toBeUndefined();
      await allShare(before);
      expect(await serverTakes(before)).toBe(true);
      expect(endOf(lab, 'crowd', end.versionId)).toMatchObject({ outcome: 'rolled-back' });

      broken?.heal();
      expect(await lab.rotate('crowd')).toMatchObject({ outcome: 'succeeded', failures: [] });
      await allShare(currentOf(lab, 'crowd'));
    });

    test('a host and a proxy that share the key are refused before anybody is asked, and rotated with a new identity', async () => {
      const credential = { identity: 'mixed', psk: randomBytes(32).toString('hex') };
      const [proxy, host] = await Promise.all([
        lab.proxy({ name: 'mixed-proxy', ...credential }),
        lab.host({ name: 'mixed-host', ...credential }),
      ]);
      await lab.adopt('mixed', [proxy, host], { identityMode: 'fixed' });
      const before = currentOf(lab, 'mixed');
      const asked = () => [lab.zabbix.apiTraffic.calls.length, lab.cloud.commands.length];
      const askedBefore = asked();

      const { outcome, failures } = await lab.rotate('mixed');

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(
        /identityMode: must be "new" where a host and a proxy share the key; Zabbix takes them in two calls, and one identity would have two keys between them/,
      );
      expect(asked()).toEqual(askedBefore);
      expect(currentOf(lab, 'mixed')).toEqual(before);
      expect(labelled(lab, 'mixed', 'AWSPENDING')).toBeUndefined();
      await Promise.all([shares(proxy, credential), sharesKey(host, credential)]);

      await lab.adopt('mixed', [proxy, host], { identityMode: 'new' });
      expect(await lab.rotate('mixed')).toMatchObject({ outcome: 'succeeded', failures: [] });
      await Promise.all([shares(proxy, currentOf(lab, 'mixed')), sharesKey(host, currentOf(lab, 'mixed'))]);
    });

    test('nothing was denied to the functions, and nothing was asked that the stand-in does not know', () => {
      expect(lab.cloud.denials).toEqual([]);
      expect(lab.cloud.unsupported).toEqual([]);
    });

    /** All three are heard with this key, and nothing of a rotation is left on their nodes. */
    async function allShare(credential: Credential): Promise<void> {
      await Promise.all(
        hosts.map(async (host) => {
          await sharesKey(host, credential);
          expect(await host.agentRuns()).toBe(true);
          expect(await leftOn(host)).toEqual([]);
        }),
      );
    }

    /** Asked at the server's port, as an agent would come, and beside everything that the function has seen. */
    const serverTakes = ({ identity, psk }: Credential) =>
      portAccepts({ host: lab.zabbix.server.ip, port: 10051 }, { identity, key: PskKey.parse(psk) });

    async function haveUsualHoles(fromMs: number): Promise<void> {
      for (const host of hosts) {
        const { passive, active } = host.monitored.items;
        const longestHoleMs = passive === undefined ? 0 : (await host.history('passive', { fromMs })).longestHoleMs;
        const lost = active === undefined ? 0 : (await host.history('active', { fromMs })).lost;
        console.info(
          `${version}, ${host.computerName}: longest hole of passive values ${longestHoleMs} ms, ${lost} of the values of every second lost`,
        );
        // A check that falls between the two keys costs its interface 15 s; what has not been sent lies in the agent's memory for 5 s.
        expect(longestHoleMs).toBeLessThan(21_000);
        expect(lost).toBeLessThanOrEqual(8);
      }
    }
  });
}
