import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { itemHistory } from '../zabbix/item-history.ts';
import { type Credential, type MonitoredItem, registerHost } from '../zabbix/monitored-host.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { sharesOneKey } from './faults-end.ts';
import { labelled } from './held.ts';

const agentKinds = ['zabbix_agentd', 'zabbix_agent2'] as const;

/** An agent that reports to two servers of two Zabbix (`ServerActive=a,b`), each with a database and a frontend of its own. */
export function placesOn(version: ZabbixVersion): void {
  describe(`an agent that reports to a second Zabbix ${version} too`, () => {
    let lab: Lab;
    let other: ZabbixLab;

    beforeAll(async () => {
      [lab, other] = await Promise.all([
        startLab({
          version,
          secrets: agentKinds.flatMap((agent) => [`both-${agent}`, `one-${agent}`]).concat('nobody-asked'),
          serverPortIsOpen: true,
          habits: { rotationRetries: 0 },
        }),
        startZabbix({ version }),
      ]);
    });
    afterAll(async () => {
      await Promise.all([lab?.stop(), other?.stop()]);
    });

    const places = () => `${lab.zabbix.server.ip},${other.server.ip}:10051`;

    /** The second Zabbix gets the same host, with the same key. */
    async function registerThere(name: string, credential: Credential): Promise<MonitoredItem> {
      const { items } = await registerHost(other.api, {
        ...{ name, ip: '127.0.0.1', groupId: other.hostGroupId, checks: 'active', credential },
        ...{ passiveEveryS: 5, activeEveryS: 1 },
      });
      await other.server.reloadConfigurationCache();
      if (items.active === undefined) throw new RangeError('an active host has an active item');
      return items.active;
    }

    async function isRefused(host: SmallHost, says: RegExp): Promise<void> {
      const { computerName: name } = host;
      const fromMs = Date.now();
      const end = await lab.rotate(name);

      expect(end.failures).toMatchObject([{ errorMessage: expect.stringMatching(says) }]);
      const facts = lab.facts(name).filter(({ token }) => token === end.versionId);
      expect(facts).toContainEqual(expect.objectContaining({ event: 'rotation.ended', outcome: 'refused' }));
      expect(facts.filter(({ event }) => event === 'zabbix.giving')).toEqual([]);
      expect(labelled(lab, name, 'AWSPENDING')?.versionId).not.toBe(end.versionId);
      await sharesOneKey(lab, host, end, 'old');
      // Nobody has waited for a server that is never given the key.
      console.info(`${version}, ${name}: refused and all checked in ${Math.round((Date.now() - fromMs) / 1000)} s`);
    }

    test.each(agentKinds)(
      '%s: which takes its key is named and nothing is touched, up or down; neither server misses a value',
      async (agent) => {
        const name = `both-${agent}`;
        const psk = randomBytes(32).toString('hex');
        const there = await registerThere(name, { identity: name, psk });
        const host = await lab.host({ name, agent, psk, serverActive: places() });
        await lab.adopt(name, [host]);
        const fromMs = Date.now();

        await isRefused(host, new RegExp(`reports to ${other.server.ip}:10051 \\(takes its present key\\)`));

        const toMs = Date.now();
        const seen = await itemHistory(other.api, there, { fromMs, toMs: toMs - 10_000 });
        expect(seen.samplesMs.length).toBeGreaterThan(0);
        expect(seen.lost).toBe(0);
        expect((await host.history('active', { fromMs, toMs: toMs - 10_000 })).lost).toBe(0);

        await other.serverMachine.must(['service', 'zabbix-server', 'stop']);
        try {
          await isRefused(host, new RegExp(`reports to ${other.server.ip}:10051 \\(could not be asked\\)`));
        } finally {
          await other.server.start({});
        }
      },
    );

    test.each(agentKinds)('%s: which does not know its key is no matter', async (agent) => {
      const name = `one-${agent}`;
      const host = await lab.host({ name, agent, serverActive: places() });
      await lab.adopt(name, [host]);
      const end = await lab.rotate(name);
      expect(end.failures).toEqual([]);
      await sharesOneKey(lab, host, end, 'new');
    });

    test('where the node can ask neither, both are named', async () => {
      const [here, there] = [`${lab.zabbix.server.ip}:10052`, `${other.server.ip}:10052`];
      const host = await lab.host({
        ...{ name: 'nobody-asked', agent: 'zabbix_agentd', checks: 'passive', serverActive: `${here},${there}` },
      });
      // Those of the lab that only answer name nobody in ServerActive.
      host.machine.write('/etc/zabbix/zabbix_agentd.conf.d/places.conf', `ServerActive=${here},${there}\n`);
      await host.restartAgent();
      await host.awaitValues(Date.now());
      await lab.adopt('nobody-asked', [host]);
      await isRefused(host, new RegExp(`${here} \\(could not be asked\\) and ${there} \\(could not be asked\\)`));
    });

    test('nothing was asked of the stand-in that it does not imitate', () => {
      expect(lab.cloud.unsupported).toEqual([]);
      expect(lab.cloud.denials).toEqual([]);
      expect(lab.cloud.breakdowns).toEqual([]);
    });
  });
}
