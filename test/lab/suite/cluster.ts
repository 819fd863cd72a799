import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lastLine } from '../../../lambda/fleet/last-line.ts';
import { eventually } from '../eventually.ts';
import { instanceIdOf } from '../hosts/managed-machine.ts';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import type { ZabbixServer } from '../zabbix/server.ts';
import type { StandbyNode } from '../zabbix/zabbix-lab.ts';
import { aim, moments } from './faults-aimed.ts';
import { sharesOneKey } from './faults-end.ts';
import { endOf } from './held.ts';

const agentKinds = ['zabbix_agentd', 'zabbix_agent2'] as const;
const first = 'zabbix';
const second = 'zabbix-2';

/** The node at work is named first or last; the other one refuses connections. A passive host has them in `Server` only. */
const steady = agentKinds.flatMap((agent) =>
  [
    { checks: 'both', named: 'first' } as const,
    { checks: 'both', named: 'last' } as const,
    { checks: 'passive', named: 'last' } as const,
  ].map((row) => ({ ...row, name: `steady-${agent}-${row.checks}-${row.named}`, agent })),
);

/** What becomes of the node at work in mid-rotation, and when. The first one leaves the second node at work, and so on. */
const failovers = [
  { how: 'is killed', when: 'zabbixIsTold', moment: 'between arming and the switch' },
  { how: 'is stopped', when: 'agentHasSwitched', moment: 'after the switch' },
] as const;
const failing = failovers.flatMap(({ when }) => agentKinds.map((agent) => ({ name: `${when}-${agent}`, agent, when })));

/** Zabbix' server as a cluster of two nodes on one database: one at work, one that stands by; agents name both (`ServerActive=a;b`). */
export function clusterOn(version: ZabbixVersion): void {
  describe(`a cluster of two servers on Zabbix ${version}`, () => {
    let lab: Lab;
    let standby: StandbyNode;
    const hosts = new Map<string, SmallHost>();

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { nodeName: first },
        secrets: [...steady, ...failing].map(({ name }) => name),
        reload: { servers: [instanceIdOf(first), instanceIdOf(second)] },
        timeouts: { serverWaitS: 90, agentStartS: 10, proveTimeoutS: 90 },
        habits: { rotationRetries: 0 },
      });
      standby = await lab.standby(second);
      // A minute by default, which is what a human waits for.
      expect(await lab.zabbix.server.tell('ha_set_failover_delay=10s')).toMatchObject({ exitCode: 0 });
      const [one, two] = [lab.zabbix.server.ip, standby.server.ip];
      await Promise.all([
        ...steady.map(({ named, ...about }) => start(about, named === 'first' ? [one, two] : [two, one])),
        ...failing.map(({ name, agent }) => start({ name, agent }, [one, two])),
      ]);
    });
    afterAll(() => lab?.stop());

    async function start(about: SmallHostOptions, nodes: readonly string[]): Promise<void> {
      const host = await lab.host({ ...about, server: nodes.join(','), serverActive: nodes.join(';') });
      await lab.adopt(about.name, [host]);
      hosts.set(about.name, host);
    }

    function hostOf(name: string): SmallHost {
      const host = hosts.get(name);
      if (host === undefined) throw new RangeError(`no host ${name}`);
      return host;
    }

    const servers = () => [lab.zabbix.server, standby.server];

    test.concurrent.each(steady)(
      'a host ($agent, $checks, the node at work named $named) ends on the new key at the next look, and no more is lost than its agent had not sent',
      async ({ name, checks }) => {
        const host = hostOf(name);
        const fromMs = Date.now();

        const end = await lab.rotate(name);

        expect(end.failures).toEqual([]);
        expect(toldOf(lab, name, end.versionId)).toMatchObject({
          gate: 'shadow-agent',
          reloads: ['server'],
          proofs: { oldKey: 'refused', storedInZabbix: true },
        });
        const waitedS = waitOf(lab, name, end.versionId);
        await sharesOneKey(lab, host, end, 'new');
        const { longestHoleMs } = await host.history('passive', { fromMs });
        const lost = checks === 'passive' ? 0 : (await host.history('active', { fromMs })).lost;
        console.info(
          `${version}, ${name}: given to accepted ${waitedS} s, ${lost} of the values of every second lost, longest hole of passive values ${longestHoleMs} ms`,
        );
        // A connection that is refused costs nothing; one that is not answered would cost 3 s, the agent's Timeout.
        expect(waitedS).toBeLessThan(6);
        // What has not been sent lies in the agent's memory for BufferSend, 5 s; and it is down for a second or two.
        expect(lost).toBeLessThanOrEqual(8);
        expect(longestHoleMs).toBeLessThan(21_000);
      },
    );

    test('the node at work takes the command to reload, the standby one says no, and that counts as taken', async () => {
      const [node, other] = await byWork(servers());
      const no = await other.tell('config_cache_reload');
      console.info(`${version}, standby node: exit status ${no.exitCode}, ${no.stdout}${no.stderr}`);
      expect(await node.tell('config_cache_reload')).toMatchObject({ exitCode: 0 });

      const facts = steady.flatMap(({ name }) => lab.facts(name));
      expect(facts.filter(({ event }) => event === 'cache.notReloaded')).toEqual([]);
      expect(facts.filter(({ event }) => event === 'cache.reloaded').map(({ outcome }) => outcome)).toEqual(
        steady.map(() => 'reloaded'),
      );
      const replies = lab.cloud.commands
        .flatMap(({ invocations }) => [...invocations.values()])
        .map(
          ({ computerName, steps }) =>
            [
              computerName,
              replyShape.safeParse(lastLine({ StandardOutputContent: steps.at(-1)?.stdout })).data,
            ] as const,
        )
        .filter(([, reply]) => reply?.verb === 'reload');
      expect(replies.length).toBe(2 * steady.length);
      for (const [name, reply] of replies)
        if (name === first) expect(reply).toMatchObject({ outcome: 'reloaded' });
        else
          expect(reply).toMatchObject({
            outcome: 'refused',
            says: expect.stringMatching(/did not take config_cache_reload/),
          });
    });

    test.each(failovers)(
      'when the node at work $how $moment, the other takes over and the hosts end on the new key',
      async ({ how, when }) => {
        const [node] = await byWork(servers());
        const here = failing.filter((row) => row.when === when).map(({ name }) => hostOf(name));
        let gone: Promise<unknown> | undefined;
        const goes = () => (gone ??= how === 'is killed' ? node.kill() : node.stop());
        for (const host of here) aim(lab, host, moments[when](goes));

        const ends = await Promise.all(here.map(async (host) => ({ host, end: await lab.rotate(host.computerName) })));

        expect(gone).toBeDefined();
        const [now] = await byWork(servers());
        expect(now.ip === node.ip).toBe(false);
        for (const { host, end } of ends) {
          expect(end.failures).toEqual([]);
          await sharesOneKey(lab, host, end, 'new');
          const { computerName } = host;
          console.info(`${version}, ${computerName}: given to accepted ${waitOf(lab, computerName, end.versionId)} s`);
        }
        // Comes back as the one that stands by.
        await node.start({ nodeName: node === standby.server ? second : first });
        expect(await node.isAtWork()).toBe(false);
      },
    );

    test('nothing was asked of the stand-in that it does not imitate', () => {
      expect(lab.cloud.unsupported).toEqual([]);
      expect(lab.cloud.denials).toEqual([]);
      expect(lab.cloud.breakdowns).toEqual([]);
    });
  });
}

const replyShape = z.looseObject({ verb: z.string(), outcome: z.string(), says: z.string() });

const endShape = z.object({
  targets: z.tuple([
    z.looseObject({
      gate: z.string(),
      switchedAt: z.string(),
      agentDownMs: z.number(),
      reloads: z.array(z.string()).optional(),
      proofs: z.unknown(),
    }),
  ]),
});

function toldOf(lab: Lab, secret: string, versionId: string) {
  return endShape.parse(endOf(lab, secret, versionId)).targets[0];
}

/** Seconds from the give until the server was seen to take the key. */
function waitOf(lab: Lab, secret: string, versionId: string): number {
  const { switchedAt, agentDownMs } = toldOf(lab, secret, versionId);
  const given = lab.facts(secret).find(({ event, token }) => event === 'zabbix.giving' && token === versionId);
  return (Date.parse(switchedAt) - agentDownMs - Date.parse(given?.at ?? '')) / 1000;
}

/** The node that is at work, then the other one. */
function byWork(servers: readonly ZabbixServer[]): Promise<[ZabbixServer, ZabbixServer]> {
  return eventually(
    'one node is at work',
    async () => {
      const works = await Promise.all(servers.map((server) => server.isAtWork()));
      const [node, more] = servers.filter((_, index) => works[index]);
      const other = servers.find((server) => server !== node);
      return node !== undefined && more === undefined && other !== undefined ? [node, other] : undefined;
    },
    { withinS: 90 },
  );
}
