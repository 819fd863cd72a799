import { describe, expect, test } from 'vitest';
import { Refusal, RotationRolledBack } from '../../lambda/errors.ts';
import type { Credential } from '../../lambda/rotation/model.ts';
import { aWorld, token, type World, type WorldOptions } from './world.ts';

const server = { servers: ['zabbix'] };
const onlyOld = (credential: Credential) => (credential.identity === 'web' ? credential : undefined);

/** A host that a proxy before 7.0 (`slow`) or since (`prompt`) monitors. */
function behind(
  learns: 'slow' | 'prompt',
  reload: WorldOptions['reload'],
  proxy: { readonly name: string; readonly mode: 'active' | 'passive' } | undefined = { name: 'edge', mode: 'active' },
): World {
  const world = reload === undefined ? aWorld() : aWorld({ reload });
  Object.assign(world.host('web-1'), { behindProxy: learns, proxy });
  return world;
}

function waitedS(world: World): number {
  const switched = world.facts.find(({ event }) => event === 'target.switched');
  return Number(switched?.waitedMs) / 1000;
}

const told = (world: World) => world.fleet.commands.filter(({ verb }) => verb === 'reload').map(({ values }) => values);
const named = (world: World, event: string) => world.facts.filter((fact) => fact.event === event);

describe('a server that can be told to reload', () => {
  test('uses the new key seconds after it was given, and the record names that it was told', async () => {
    const [without, having] = [aWorld(), aWorld({ reload: server })];
    await without.rotate();
    await having.rotate();

    expect(having.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(waitedS(without)).toBeGreaterThan(36);
    expect(waitedS(having)).toBeLessThan(10);
    expect(told(having)).toMatchObject([{ daemon: 'zabbix_server', proxies: 'none', versionId: token }]);
    expect(named(having, 'cache.reloading')).toMatchObject([{ caches: ['server'], targets: ['web-1'], token }]);
    expect(named(having, 'cache.reloaded')).toMatchObject([{ cache: 'server', outcome: 'reloaded' }]);
    expect(having.ends()).toMatchObject([{ targets: [{ reloads: ['server'], serverWaitS: waitedS(having) }] }]);
  });

  test.each(['script-execute', 'port-probe', 'agent-log', 'now'])('serves the gate %s as well', async (gate) => {
    const world = aWorld({ reload: server });
    const host = world.host('web-1');
    host.offersShadow = false;
    host.canProbe = gate === 'agent-log';
    world.monitor.mayExecuteScripts = gate === 'script-execute';
    world.monitor.portIsOpen = gate === 'port-probe';
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(named(world, 'target.switched')).toMatchObject([{ gate }]);
    expect(told(world)).toHaveLength(1);
  });

  test('is told again on the way back', async () => {
    const world = aWorld({ reload: server });
    world.host('web-1').startsWith = onlyOld;
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(told(world)).toHaveLength(2);
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back', targets: [{ reloads: ['server'] }] }]);
  });

  test('is told, too, when a host that cannot be commanded any more is matched from Zabbix’ side', async () => {
    const world = aWorld({ reload: server });
    world.secrets.begin(token);
    await world.step('createSecret');
    const host = world.host('web-1');
    world.server.stores(host, (await world.secrets.read(await world.secrets.labels(), token)) ?? host.stored);
    host.reachableByCommands = false;
    expect(await world.repair()).toMatch(/rolled back: web-1 is proven to be on the old key again/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    const gives = world.facts.filter(({ event }) => event === 'zabbix.matching');
    expect(gives.length).toBeGreaterThan(0);
    expect(told(world)).toHaveLength(gives.length);
  });

  test('in a cluster is the node at work; that the others refuse is no matter', async () => {
    const world = aWorld({ reload: { servers: ['zabbix-1', 'zabbix-2'] } });
    world.machine('zabbix-1').daemon = {
      program: 'zabbix_server',
      says: 'Runtime commands can be executed only in active mode',
    };
    await world.rotate();
    expect(waitedS(world)).toBeLessThan(10);
    expect(told(world)).toHaveLength(2);
    expect(named(world, 'cache.notReloaded')).toEqual([]);
  });
});

describe('a reload that fails', () => {
  test.each<[string, (world: World) => void, RegExp]>([
    [
      'because the server does not run there',
      (world) => Object.assign(world.machine('zabbix'), { daemon: undefined }),
      /^the Zabbix server \(i-.*\): No zabbix_server runs on this node$/,
    ],
    [
      'because its node is away',
      (world) => Object.assign(world.machine('zabbix').host, { reachableByCommands: false }),
      /reload on i-.* had not ended in the time that was left/,
    ],
    [
      'because it is not a managed node',
      (world) => Object.assign(world.account, { reload: { servers: ['i-0'], proxies: new Map() } }),
      /not a managed node/,
    ],
    [
      'because its account is cut off',
      (world) => Object.assign(world.fleet, { cutsOff: (verb: string) => verb === 'reload' }),
      /without an account that can be read/,
    ],
  ])('%s is told, and the rotation waits for the renewal as ever', async (_, spoil, because) => {
    const world = aWorld({ reload: server });
    spoil(world);
    const ports = world.account.portsOf(world.account.invocation());
    Object.assign(world.ports, { reloader: ports.reloader });
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(named(world, 'cache.notReloaded')).toMatchObject([
      { cache: 'server', because: expect.stringMatching(because) },
    ]);
  });

  test('because Zabbix does not tell which proxies there are is told, and the server is told to reload all the same', async () => {
    const world = behind('prompt', server);
    const { proxiesBefore } = world.ports.monitor;
    Object.assign(world.ports.monitor, {
      proxiesBefore: async (hosts: Parameters<typeof proxiesBefore>[0]) => {
        if (named(world, 'zabbix.giving').length === 0) return proxiesBefore(hosts);
        throw new Refusal('ANY', 'Zabbix says nothing of proxies');
      },
    });
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(named(world, 'cache.notReloaded')).toMatchObject([
      { cache: 'proxies', because: 'Zabbix says nothing of proxies' },
    ]);
    expect(told(world)).toMatchObject([{ daemon: 'zabbix_server', proxies: 'none' }]);
  });
});

test('without a node to tell, nobody is asked anything more about a host that the server watches', async () => {
  const made = aWorld();
  Object.assign(made.ports.monitor, {
    proxiesBefore: () => {
      throw new RangeError('nobody needs to know');
    },
  });
  await made.rotate();
  expect(told(made)).toEqual([]);
  expect(made.facts.filter(({ event }) => event.startsWith('cache.'))).toEqual([]);
  expect(JSON.stringify(made.ends())).not.toContain('reloads');
});

test('without a node to tell, nobody is told to reload for a host behind a proxy either', async () => {
  const made = behind('prompt', undefined);
  await made.rotate();
  expect(told(made)).toEqual([]);
  expect(JSON.stringify(made.ends())).not.toContain('reloads');
});

describe('a host behind a proxy of 7.0', () => {
  test.each([
    { proxy: { name: 'edge', mode: 'passive' } as const, proxies: 'named:edge', reloads: ['server', 'proxy edge'] },
    // A blank cannot stand in a parameter of ours.
    { proxy: { name: 'site 2', mode: 'active' } as const, proxies: 'all', reloads: ['server', 'proxy site 2'] },
    { proxy: null, proxies: 'all', reloads: ['server', 'all proxies'] },
  ])('follows at once when the server hands its proxy the key ($proxies)', async ({ proxy, proxies, reloads }) => {
    const world = behind('prompt', server, proxy ?? undefined);
    if (proxy === null) world.host('web-1').proxy = undefined;
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(waitedS(world)).toBeLessThan(10);
    expect(told(world)).toMatchObject([{ daemon: 'zabbix_server', proxies }]);
    expect(world.ends()).toMatchObject([{ targets: [{ reloads, proofs: { behindProxy: true } }] }]);
    const called = proxy?.name ?? 'a proxy that the API user may not read';
    expect(named(world, 'target.ready')).toMatchObject([{ gate: 'shadow-agent', waitsFor: 'proxy', proxy: called }]);
  });
});

describe('a host behind an active proxy of 6.0', () => {
  const edge = { proxies: ['edge'] };

  test('whose node is known ends on the new key seconds after it was given', async () => {
    const world = behind('slow', edge);
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(waitedS(world)).toBeLessThan(10);
    expect(told(world)).toMatchObject([{ daemon: 'zabbix_proxy', proxies: 'none' }]);
    expect(world.ends()).toMatchObject([
      { outcome: 'rotated', targets: [{ gate: 'shadow-agent', reloads: ['proxy edge'] }] },
    ]);
  });

  test('that does not come up with the new key is back on the old one', async () => {
    const world = behind('slow', edge);
    world.host('web-1').startsWith = onlyOld;
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(told(world)).toHaveLength(2);
    expect(world.fleet.isClean('web-1')).toBe(true);
  });

  test('that falls silent with the new key is back on the old one: its proxy fetches that, too', async () => {
    const world = behind('slow', edge);
    const host = world.host('web-1');
    host.isHeardOnlyAs('web');
    await expect(world.rotate()).rejects.toThrow(/is not proven.*web-1 is proven to be on the old key again/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('whose proxy does not take the word stays on the old key, and Zabbix gets it back', async () => {
    const world = behind('slow', edge);
    world.machine('edge-node').daemon = undefined;
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(named(world, 'cache.notReloaded').length).toBeGreaterThan(0);
  });

  test('is told a second time where the first word is lost', async () => {
    const world = behind('slow', edge);
    let lost = 0;
    world.fleet.cutsOff = (verb) => verb === 'reload' && ++lost === 1;
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(told(world)).toHaveLength(2);
  });

  test('is repaired when the function has died before its proxy was told', async () => {
    const world = behind('slow', edge);
    world.secrets.begin(token);
    await world.step('createSecret');
    Object.assign(world.ports.reloader, { hasAny: true, reload: () => new Promise(() => undefined) });
    void world.step('setSecret').catch(() => undefined);
    await world.clock.sleep(600_000);
    Object.assign(world.ports, { reloader: world.account.portsOf(world.account.invocation()).reloader });
    await world.repair();
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test.each<[string, () => World, RegExp]>([
    [
      'while no node is known at all',
      () => behind('slow', undefined),
      /is monitored by a proxy, which learns of a new key only with its next configuration.*name the proxy's node in the inventory \(reload\.proxies\)/,
    ],
    [
      'while the node of its proxy is not known',
      () => behind('slow', { proxies: ['other'] }),
      /is monitored by proxy "edge".*name the node of proxy "edge" in the inventory \(reload\.proxies\)/,
    ],
    [
      'while its proxy is a passive one',
      () => behind('slow', edge, { name: 'edge', mode: 'passive' }),
      /is monitored by the passive proxy "edge".*ProxyConfigFrequency into the inventory \(zabbix\.proxyConfigFrequencyS\)/,
    ],
    [
      'while nobody may know the name of its proxy',
      () => {
        const world = behind('slow', edge);
        world.host('web-1').proxy = undefined;
        return world;
      },
      /let the API user's role call proxy\.get/,
    ],
  ])('is refused %s, and told so by inspect as well', async (_, make, sentence) => {
    const world = make();
    expect((await world.inspect()).says.join('\n')).toMatch(sentence);
    await expect(world.rotate()).rejects.toThrow(sentence);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });
});
