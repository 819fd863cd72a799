import { describe, expect, test } from 'vitest';
import { Refusal, RotationRolledBack } from '../../lambda/errors.ts';
import type { Credential } from '../../lambda/rotation/model.ts';
import { fingerprintOf } from '../../lambda/rotation/model.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { aWorld, token, type World } from './world.ts';

/** The mission's own setup: a proxy and the agent of its machine with one key file, a host and a proxy in Zabbix. */
function setupA(): World {
  return aWorld({
    hosts: ['edge-machine'],
    proxies: [{ name: 'edge', beside: 'edge-machine' }],
    identity: 'psk_remote',
  });
}

const onlyOld = (identity: string) => (credential: Credential) =>
  credential.identity === identity ? credential : undefined;

/** Zabbix tells which key it holds for a proxy (6.0), or only what we have written beside it (7.0). */
describe.each([true, false])('where Zabbix compares the keys of proxies: %s', (comparesProxyKeys) => {
  test.each(['active', 'passive'] as const)(
    'a proxy that is %s ends on a new key, proven by its contact with the server',
    async (mode) => {
      const world = aWorld({ proxies: [{ name: 'edge', mode }] });
      world.monitor.comparesProxyKeys = comparesProxyKeys;
      await world.rotate();

      expect(world.keysInUse()).toEqual({ edge: 'new/new' });
      expect(world.fleet.isClean('edge')).toBe(true);
      expect(world.fleet.commands.find(({ verb }) => verb === 'prepare')?.values).toMatchObject({
        config: 'none',
        proxyConfig: 'auto',
      });
      expect(world.facts).toContainEqual(
        expect.objectContaining({ event: 'target.proven', evidence: expect.objectContaining({ stored: 'wanted' }) }),
      );
      expect(world.ends()).toMatchObject([
        { outcome: 'rotated', targets: [{ target: 'edge', gate: 'proxy-log', proofs: { storedInZabbix: true } }] },
      ]);
    },
  );

  test('a proxy that does not come up with the new key is back on the old one, and so is Zabbix', async () => {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    world.host('edge').startsWith = onlyOld('web');

    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ edge: 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.fleet.isClean('edge')).toBe(true);
  });

  test('a proxy that hangs with the new key, and so says nothing, is back on the old one', async () => {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    const edge = world.host('edge');
    edge.isHeardOnlyAs('web');
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ edge: 'old/old' });
  });

  test('a proxy and the agent beside it change their one key file in one exchange', async () => {
    const world = setupA();
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    await world.rotate();

    expect(world.keysInUse()).toEqual({ edge: 'new/new', 'edge-machine': 'new/new' });
    const sent = world.fleet.commands.map(({ verb }) => verb);
    for (const verb of ['prepare', 'switch', 'forget']) expect(sent.filter((one) => one === verb)).toHaveLength(1);
    expect(world.fleet.commands.find(({ verb }) => verb === 'prepare')?.values).toMatchObject({
      config: 'auto',
      proxyConfig: 'auto',
    });
    expect(world.ends()).toMatchObject([
      {
        outcome: 'rotated',
        targets: [
          { target: 'edge', gate: 'shadow-agent', proofs: { oldKey: 'refused', storedInZabbix: true } },
          { target: 'edge-machine', gate: 'shadow-agent', proofs: { oldKey: 'refused', storedInZabbix: true } },
        ],
      },
    ]);
  });

  test.each(['edge', 'edge-machine'])('when %s does not come up, both are back on the old key', async (broken) => {
    const world = setupA();
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    world.host(broken).startsWith = onlyOld('psk_remote');

    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ edge: 'old/old', 'edge-machine': 'old/old' });
    expect(world.fleet.isClean('edge-machine')).toBe(true);
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
  });

  test.each(['edge', 'edge-machine'])('when %s falls silent on the new key, both go back', async (silent) => {
    const world = setupA();
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    const one = world.host(silent);
    one.isHeardOnlyAs('psk_remote');
    await expect(world.rotate()).rejects.toThrow(
      /is not proven to be on its new key.*edge-machine, edge are proven to be on the old key again/,
    );
    expect(world.keysInUse()).toEqual({ edge: 'old/old', 'edge-machine': 'old/old' });
  });

  test('what was given to the proxy alone, before the function died, is taken back from both', async () => {
    const world = setupA();
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    world.secrets.begin(token);
    await world.step('createSecret');
    world.fleet.onArm = () => {
      world.monitor.giveIsLost = 'applied';
      // The answer to proxy.update is lost, and Zabbix with it.
      world.clock.in(6_000, () => {
        world.monitor.down = true;
      });
    };
    await expect(world.step('setSecret')).rejects.toThrow();
    world.monitor.down = false;

    await world.repair();
    const inUse = Object.values(world.keysInUse());
    expect(new Set(inUse).size).toBe(1);
    expect(['old/old', 'new/new']).toContain(inUse[0]);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('testing the rotation of one that we have never given a key asks both sides and changes nothing', async () => {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    world.secrets.begin(token);
    await world.step('testSecret');
    expect(world.host('edge').marked).toBeUndefined();
    expect(world.facts).toContainEqual(expect.objectContaining({ event: 'target.proven', target: 'edge' }));
  });

  test('a proxy that Zabbix holds another key for is refused', async () => {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    const stored = aWorld().value;
    world.host('edge').stored = stored;
    world.host('edge').marked = stored;
    await expect(world.rotate()).rejects.toThrow(/Zabbix holds another key for proxy "edge" than AWSCURRENT/);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('a proxy that has not been heard of is refused', async () => {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = comparesProxyKeys;
    world.host('edge').mute = true;
    await world.ports.clock.sleep(300_000);
    await expect(world.rotate()).rejects.toThrow(/Zabbix has had no contact with proxy "edge" for \d+ s/);
  });
});

test('a proxy goes first and the hosts after it, each node for itself', async () => {
  const world = aWorld({ hosts: ['web-1'], proxies: [{ name: 'edge' }] });
  await world.rotate();
  expect(world.keysInUse()).toEqual({ edge: 'new/new', 'web-1': 'new/new' });
  const gates = world.facts
    .filter(({ event }) => event === 'target.switched')
    .map(({ target, gate }) => [target, gate]);
  expect(gates).toEqual([
    ['edge', 'proxy-log'],
    ['web-1', 'shadow-agent'],
  ]);
});

test('proxies go first, the programs beside them with them, whatever the secret lists first; hosts never at the same time', async () => {
  const world = aWorld({
    hosts: ['web-1', 'web-2', 'edge-machine'],
    proxies: [{ name: 'edge', beside: 'edge-machine' }, { name: 'far' }],
    listed: ['web-1', 'edge-machine', 'web-2', 'edge', 'far'],
  });
  await world.rotate();
  expect(new Set(Object.values(world.keysInUse()))).toEqual(new Set(['new/new']));
  const order = world.facts
    .filter(({ event }) => event === 'zabbix.giving' || event === 'target.switched')
    .map(({ event, target, targets }) => (event === 'zabbix.giving' ? targets : target));
  expect(order).toEqual([
    ...[['edge-machine', 'edge'], 'edge-machine', 'edge'],
    ...[['far'], 'far'],
    ...[['web-1', 'web-2'], 'web-1', 'web-2'],
  ]);
});

test('inspect tells the order in which they would change', async () => {
  const world = aWorld({ hosts: ['web-1'], proxies: [{ name: 'edge' }], listed: ['web-1', 'edge'] });
  expect((await world.inspect()).says.at(-1)).toContain('and switch edge, then web-1.');
});

test('a proxy that Zabbix does not show is refused by name', async () => {
  const world = aWorld({ proxies: [{ name: 'edge' }] });
  Object.assign(world.host('edge'), { name: 'Edge' });
  await expect(world.rotate()).rejects.toThrow(Refusal);
});

test('a host and a proxy may have the same name', async () => {
  const world = aWorld({ hosts: ['edge'], proxies: [{ name: 'edge', beside: 'edge' }] });
  await world.rotate();
  expect(world.account.hosts.map(({ role, running }) => [role, running === undefined])).toEqual([
    ['proxy', false],
    ['host', false],
  ]);
  expect(new Set(world.account.hosts.map(({ stored }) => fingerprintOf(stored))).size).toBe(1);
});

test('inspect tells of proxy and agent what they hold', async () => {
  const world = setupA();
  const { says } = await world.inspect();
  expect(says.join('\n')).toMatch(
    /edge: Zabbix holds the key of AWSCURRENT and was in contact with the proxy \d+ s ago/,
  );
  expect(says.at(-1)).toContain('and switch edge-machine together with edge.');
  expect(says.join('\n')).toMatch(/edge: zabbix_proxy 6.0.14 on i-\w+ runs with the key of AWSCURRENT/);
});

describe('a host behind a proxy that learns of a key some seconds after the server', () => {
  function behind(kind: 'passive' | 'active' | 'both' = 'both'): World {
    const world = aWorld({ kind });
    world.host('web-1').behindProxy = 'prompt';
    world.monitor.mayExecuteScripts = true;
    world.monitor.portIsOpen = true;
    return world;
  }

  test.each(['passive', 'active', 'both'] as const)(
    'and is %s changes when the proxy has it, not when the server has it',
    async (kind) => {
      const world = behind(kind);
      const host = world.host('web-1');
      const hadProxyReady: boolean[] = [];
      host.startsWith = (credential) => {
        hadProxyReady.push(fingerprintOf(world.server.uses(host)) === credential.key.fingerprint);
        return credential;
      };
      await world.rotate();
      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
      expect(hadProxyReady).toEqual([true]);
      expect(world.ends()).toMatchObject([{ outcome: 'rotated', targets: [{ gate: 'shadow-agent' }] }]);
    },
  );

  test.each([
    { proxy: { name: 'edge', mode: 'active' }, told: 'edge', recorded: 'edge' },
    { proxy: undefined, told: 'a proxy that the API user may not read', recorded: null },
  ] as const)('waits for $told, which the log and every record name', async ({ proxy, told, recorded }) => {
    const [world, failing] = [behind(), behind()];
    for (const one of [world, failing]) Object.assign(one.host('web-1'), { proxy });
    failing.host('web-1').startsWith = onlyOld('web');
    await world.rotate();
    await expect(failing.rotate()).rejects.toThrow(RotationRolledBack);

    for (const { facts, account } of [world, failing]) {
      expect(facts).toContainEqual(
        expect.objectContaining({ event: 'target.ready', target: 'web-1', waitsFor: 'proxy', proxy: told }),
      );
      const { records } = keptRecords(account.bucket);
      expect(records).toMatchObject([{ targets: [{ name: 'web-1', behindProxy: true, proxy: recorded }] }]);
    }
  });

  test.each([
    { silentForS: 200, isOffline: false },
    { silentForS: 70, isOffline: true },
  ])('is refused while Zabbix has lost its proxy, in another rotation say: %j', async (lost) => {
    const world = behind();
    const { proxiesBefore } = world.ports.monitor;
    Object.assign(world.host('web-1'), { proxy: { name: 'edge', mode: 'active' } });
    Object.assign(world.ports.monitor, {
      proxiesBefore: async (hosts: Parameters<typeof proxiesBefore>[0]) =>
        (await proxiesBefore(hosts)).map((proxy) => ({ ...proxy, ...lost })),
    });
    await expect(world.rotate()).rejects.toThrow(
      `host "web-1" is monitored by proxy "edge", with which Zabbix has had no contact for ${lost.silentForS} s`,
    );
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('is back on the old key when it falls silent on the new one', async () => {
    const world = behind();
    const host = world.host('web-1');
    host.isHeardOnlyAs('web');
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('is refused when its node cannot ask the proxy: the server’s word would come too early', async () => {
    const world = behind();
    world.host('web-1').canProbe = false;
    await expect(world.rotate()).rejects.toThrow(/is monitored by a proxy, and i-\w+ could not ask that proxy/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('is not taken for proven by contact alone, since the proxy may still use the other key', async () => {
    const world = behind();
    const host = world.host('web-1');
    host.startsWith = (credential) => {
      host.reachableByCommands = false;
      return credential;
    };
    await expect(world.rotate()).rejects.toThrow();
    const kept = world.secrets.labelled('AWSPENDING');
    await expect(world.repair()).rejects.toThrow(/its node could not be asked/);
    expect(world.secrets.labelled('AWSPENDING')).toBe(kept);

    host.reachableByCommands = true;
    host.startsWith = (credential) => credential;
    await world.repair();
    expect(new Set(Object.values(world.keysInUse()))).not.toContain('old/new');
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });
});
