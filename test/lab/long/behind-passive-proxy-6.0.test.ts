import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import { type Lab, startLab } from '../lab.ts';
import { sharesKey } from '../suite/behind-proxy.ts';
import { labelled, leftOn } from '../suite/held.ts';
import { currentOf } from '../suite/proxies.ts';
import { expectWhole, keptOf } from '../suite/records.ts';

/** By default it is an hour; everything but the length of the wait is the same. */
const proxyConfigFrequencyS = 90;
const secrets = ['agentd-waits', 'agent2-waits', 'given-up', 'does-not-start'] as const;

/**
 * Secrets Manager's stand-in takes a last step that promotes nothing for a failure and repeats it at once, which is the nastiest that it
 * could do (docs/decisions/0010-a-rotation-that-waits-ends-without-promoting.md).
 */
describe('hosts behind a passive proxy of Zabbix 6.0', () => {
  let running: Lab | undefined;
  let proxy: SmallProxy | undefined;
  const lab = () => started(running);

  beforeAll(async () => {
    running = await startLab({
      version: '6.0',
      // Its role may read proxies by name.
      rotates: 'proxies',
      // Until all hosts are known to the proxy.
      server: { cacheUpdateFrequencyS: 6, parameters: { ProxyConfigFrequency: '5' } },
      proxyConfigFrequencyS,
      // Less than the proxy may take: such a wait ends the function.
      timeouts: { serverWaitS: 30, agentStartS: 10, proveTimeoutS: 90 },
      secrets: [...secrets],
    });
    proxy = await running.proxy({ name: 'far', mode: 'passive' });
  });
  afterAll(() => running?.stop());

  async function hostBehind(name: (typeof secrets)[number], agent: SmallHost['agent']): Promise<SmallHost> {
    const host = await lab().host({ name, behind: started(proxy), agent });
    await lab().adopt(name, [host]);
    return host;
  }

  /** As EventBridge does every five minutes, sooner here. */
  const looks = () => lab().cloud.fire('RepairerWaiting');
  const repairs = () => lab().cloud.invocations.filter(({ functionName }) => functionName === lab().repairer);
  const waitingLabels = (name: string) =>
    [...lab().cloud.world.secrets.values()]
      .filter((secret) => secret.name === `zabbix-psk/${name}`)
      .flatMap(({ versions }) => [...versions.values()].flatMap(({ labels }) => [...labels]))
      .filter((label) => label.startsWith('ZABBIX_PSK_WAITS_'));

  test('wait while no function runs and nobody is called, and follow their proxy there and back', async () => {
    const [agentd, agent2, givenUp, broken] = await Promise.all([
      hostBehind('agentd-waits', 'zabbix_agentd'),
      hostBehind('agent2-waits', 'zabbix_agent2'),
      hostBehind('given-up', 'zabbix_agentd'),
      hostBehind('does-not-start', 'zabbix_agentd'),
    ]);
    await lab().zabbix.server.restart({
      cacheUpdateFrequencyS: 6,
      parameters: { ProxyConfigFrequency: `${proxyConfigFrequencyS}` },
    });
    await Promise.all([agentd, agent2, givenUp, broken].map((host) => host.awaitValues(Date.now())));
    await broken.inflict('cannotStartWithNewKey');
    // From now on nothing is sent to it for as long as it ever waits.
    await sentConfiguration(started(proxy));
    lab().cloud.resetAlarms();
    const fromMs = Date.now();

    const ends = await Promise.all(secrets.map((name) => lab().rotate(name)));
    const [ofAgentd, ofAgent2, ofGivenUp] = ends;
    // The functions are done long before the proxy is sent anything.
    for (const { failures } of ends)
      expect(new Set(failures.map(({ errorType }) => errorType))).toEqual(new Set(['NotPromoted']));
    const sinceMs = ({ atMs }: { readonly atMs: number }) => atMs >= fromMs;
    expect(
      lab()
        .cloud.invocations.filter(sinceMs)
        .flatMap(({ error }) => error ?? []),
    ).toEqual([]);
    expect(lab().cloud.messages).toEqual([]);
    for (const name of secrets) expect(waitingLabels(name)).toHaveLength(1);

    // A human gives one up: its proxy has not heard of the new key yet.
    const abandon = ofGivenUp?.versionId ?? '';
    const inspected = await lab().invoke({ inspect: 'zabbix-psk/given-up' });
    expect(JSON.stringify(inspected)).toMatch(/It waits until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC for a passive proxy/);
    const before = currentOf(lab(), 'given-up');
    const abandoned = await lab().invoke({ rotate: 'zabbix-psk/given-up', abandon });
    expect(JSON.stringify(abandoned)).toMatch(/given-up is proven to be on the old key again/);
    expect(currentOf(lab(), 'given-up')).toEqual(before);

    // Those that follow are proven, promoted, forgotten and recorded by whichever look comes first.
    for (const [name, host, end] of [
      ['agentd-waits', agentd, ofAgentd],
      ['agent2-waits', agent2, ofAgent2],
    ] as const) {
      await eventually(
        `${name} is rotated`,
        async () => {
          await looks();
          return labelled(lab(), name, 'AWSCURRENT')?.versionId === end?.versionId;
        },
        { withinS: 3 * proxyConfigFrequencyS, everyMs: 5_000 },
      );
      await eventually(`${name} is recorded`, () => keptOf(lab(), name).length > 0 && waitingLabels(name).length === 0);
      await sharesKey(host, currentOf(lab(), name));
      expect(await leftOn(host)).toEqual([]);
      expectWhole(keptOf(lab(), name));
      expect(keptOf(lab(), name).map(({ record }) => record)).toMatchObject([
        { outcome: 'rotated', targets: [{ gate: 'shadow-agent', behindProxy: true, proof: { oldKey: 'refused' } }] },
      ]);
      const { longestHoleMs } = await host.history('passive', { fromMs });
      const [{ record } = { record: undefined }] = keptOf(lab(), name);
      console.info(
        `${name}: waited ${record?.targets[0]?.serverWaitMs} ms for its proxy; longest hole of a 5 s item ${longestHoleMs} ms`,
      );
      // One failed check, the pace of the questions, and the agent's start.
      expect(longestHoleMs).toBeLessThan(30_000);
    }

    // The one that does not start goes back by itself, and waits for its proxy to be sent the old key.
    await eventually(
      'does-not-start is back',
      async () => {
        await looks();
        return labelled(lab(), 'does-not-start', 'AWSPENDING') === undefined;
      },
      { withinS: 4 * proxyConfigFrequencyS, everyMs: 5_000 },
    );
    broken.heal();
    await sharesKey(broken, broken.credential);
    expect(waitingLabels('does-not-start')).toEqual([]);
    expect(keptOf(lab(), 'does-not-start').map(({ record }) => record.outcome)).toEqual(['rolled-back']);
    const failed = repairs().flatMap(({ error }) => error?.errorMessage ?? []);
    expect(failed).toEqual([
      expect.stringMatching(/does-not-start waits until .* with the old key, and goes back then by itself/),
    ]);
    expect(lab().cloud.messages.map(({ message }) => message)).toEqual([expect.stringMatching(/alarm-repair-failed/)]);
  }, 1_200_000);

  test('no step lasted as long as its proxy took, and the proxy was not asked every second', () => {
    const log = started(proxy).log();
    const refused = log.split('\n').filter((line) => line.includes('cannot find requested PSK identity')).length;
    console.info(`${refused} refused questions in the proxy's log`);
    expect(refused).toBeLessThan(secrets.length * ((3 * proxyConfigFrequencyS) / 5));
    expect(lab().cloud.unsupported).toEqual([]);
    expect(lab().cloud.denials).toEqual([]);
    expect(lab().cloud.breakdowns).toEqual([]);
  });
});

/** Waits until the server sends the proxy its configuration. */
async function sentConfiguration(proxy: SmallProxy): Promise<void> {
  const times = () => proxy.log().split('received configuration data from server').length;
  const before = times();
  await eventually(`${proxy.name} is sent its configuration`, () => times() > before, {
    withinS: 2 * proxyConfigFrequencyS,
    everyMs: 250,
  });
}

function started<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
