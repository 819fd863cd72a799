import { describe, expect, test } from 'vitest';
import { RotationRolledBack } from '../../lambda/errors.ts';
import { lastRecord } from './last-record.ts';
import { aWorld, token, type World, type WorldOptions } from './world.ts';

const certificate = { issuer: 'CN=Peers,O=Example', subject: 'CN=web-1,O=Example' };
const nextToken = 'token-of-the-next-rotation-0000000000';
const aCertifiedWorld = (options: WorldOptions = {}) => aWorld({ unencrypted: 'only-psk', certificate, ...options });

/** As before: what Zabbix holds, what the agent runs with and has on its disk, and nothing of ours on its node. */
function expectUntouched(world: World, name = 'web-1'): void {
  const { stored, running, onDisk } = world.host(name);
  for (const one of [stored, running, onDisk]) expect(one).toMatchObject({ certificate });
  expect([stored.key, running?.key, onDisk.key]).toEqual([undefined, undefined, undefined]);
  expect(world.fleet.isClean(name)).toBe(true);
  expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  expect(world.secrets.current?.key).toBeUndefined();
}

describe('a host that uses certificates gets its first key', () => {
  test.each(['passive', 'active', 'both'] as const)('when it is %s: proven, promoted and forgotten', async (kind) => {
    const world = aCertifiedWorld({ kind });
    await world.rotate();

    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.host('web-1').onDisk).toMatchObject({ takes: 'only-psk', before: 'certificate' });
    expect(world.fleet.isClean('web-1')).toBe(true);
    expect(world.ends()).toMatchObject([{ outcome: 'rotated', targets: [{ gate: 'shadow-agent' }] }]);
    expect(lastRecord(world)).toMatchObject({
      action: 'first-encryption',
      outcome: 'rotated',
      old: null,
      new: { keyBytes: 32 },
      firstEncryption: { before: 'certificate', takes: 'only-psk' },
      targets: [{ uses: 'new', proof: { verdict: 'proven', oldKey: 'refused' } }],
    });
  });

  test('and is rotated like any other from then on', async () => {
    const world = aCertifiedWorld();
    await world.rotate();
    await world.rotate(nextToken);
    expect(world.secrets.labelled('AWSCURRENT')).toBe(nextToken);
    expect(lastRecord(world)).toMatchObject({ action: 'rotation', old: { keyBytes: 32 } });
    expect(lastRecord(world)).not.toHaveProperty('firstEncryption');
  });

  test.each(['active', 'passive'] as const)('and so does a proxy that is %s', async (mode) => {
    for (const compares of [true, false]) {
      const world = aCertifiedWorld({ proxies: [{ name: 'edge', mode }] });
      world.monitor.comparesProxyKeys = compares;
      await world.rotate();
      expect(world.keysInUse()).toEqual({ edge: 'new/new' });
      expect(world.ends()).toMatchObject([{ outcome: 'rotated' }]);
    }
  });

  test('the agent is not restarted before the server takes the key', async () => {
    const world = aCertifiedWorld();
    const host = world.host('web-1');
    const hadServerReady: boolean[] = [];
    host.startsWith = (credential) => {
      hadServerReady.push(world.server.uses(host).identity === credential.identity);
      return credential;
    };
    await world.rotate();
    expect(hadServerReady).toEqual([true]);
  });
});

test('whoever records it after a crash still knows what there was before', async () => {
  const world = aCertifiedWorld();
  world.secrets.begin(token);
  for (const step of ['createSecret', 'setSecret', 'testSecret'] as const) await world.step(step);
  world.secrets.promote('', { from: world.secrets.labelled('AWSCURRENT'), to: token });
  await world.repair();
  expect(lastRecord(world)).toMatchObject({ outcome: 'rotated', firstEncryption: { before: 'certificate' } });
  expect(world.fleet.isClean('web-1')).toBe(true);
});

describe('going back', () => {
  test.each(['passive', 'active', 'both'] as const)('an agent that is %s and does not start', async (kind) => {
    const world = aCertifiedWorld({ kind });
    world.host('web-1').startsWith = () => undefined;
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expectUntouched(world);
    expect(world.server.hears(world.host('web-1'))).toBe(true);
    expect(lastRecord(world)).toMatchObject({
      action: 'first-encryption',
      outcome: 'rolled-back',
      old: null,
      firstEncryption: { before: 'certificate' },
      targets: [{ uses: 'old', proof: { verdict: 'proven', node: 'old', zabbix: 'old' } }],
    });
  });

  test('one that is silent afterwards', async () => {
    const world = aCertifiedWorld();
    const host = world.host('web-1');
    host.onStart = () => (host.mute = host.onDisk.key !== undefined);
    await expect(world.rotate()).rejects.toThrow(/is proven to be on the certificate again, as before/);
    expectUntouched(world);
  });

  test('a server that does not take the key up: the agent is not touched', async () => {
    const world = aCertifiedWorld();
    world.server.renews = false;
    const { running } = world.host('web-1');
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expectUntouched(world);
    expect(world.host('web-1').running).toBe(running);
  });

  test('a proxy that does not start', async () => {
    const world = aCertifiedWorld({ proxies: [{ name: 'edge' }] });
    world.monitor.comparesProxyKeys = false;
    world.host('edge').startsWith = () => undefined;
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expectUntouched(world, 'edge');
  });

  test('the repair takes a half-done one back, and finishes one that works', async () => {
    const works = aCertifiedWorld();
    works.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await works.step(step);
    expect(await works.repair()).toMatch(/was finished/);
    expect(works.keysInUse()).toEqual({ 'web-1': 'new/new' });

    const silent = aCertifiedWorld();
    silent.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await silent.step(step);
    silent.host('web-1').stored = { takes: 'only-psk', certificate };
    silent.server.renew();
    expect(await silent.repair()).toMatch(/proven to be on the certificate again, as before/);
    expectUntouched(silent);
  });

  test('an agent that has its key, goes on taking certificates and cannot be asked is never taken for one that is back', async () => {
    const world = aCertifiedWorld({ kind: 'passive' });
    world.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
    world.host('web-1').reachableByCommands = false;
    world.monitor.give([{ hostId: 'web-1' }], { takes: 'only-psk', certificate });
    await world.clock.sleep(60_000);
    expect(world.server.hears(world.host('web-1'))).toBe(true);
    await expect(world.repair()).rejects.toThrow();
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);

    world.host('web-1').reachableByCommands = true;
    await world.clock.sleep(60_000);
    await world.repair();
    expectUntouched(world);
  });

  test('who changes AWSCURRENT meanwhile to an unencrypted one takes no certificate away', async () => {
    const world = aCertifiedWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    const { current } = world.secrets;
    if (current === undefined || current.key !== undefined) throw new Error('it is not without a key');
    world.secrets.values.set(world.secrets.labelled('AWSCURRENT') ?? '', { ...current, certificate: undefined });
    await expect(world.step('setSecret')).rejects.toThrow(/is not their first key: somebody has changed the value/);
    expect(world.host('web-1').stored).toMatchObject({ certificate });
  });
});

describe('refused, and nothing is touched', () => {
  test.each([
    {
      when: 'Zabbix wants another subject',
      but: { stored: { takes: undefined, certificate: { ...certificate, subject: '' } } },
      says: /says that host "web-1" uses certificates, with issuer "CN=Peers,O=Example" and subject "CN=web-1,O=Example"; in Zabbix connections to it use certificate, those from it are taken with certificate, with issuer "CN=Peers,O=Example" and any subject/,
    },
    {
      when: 'Zabbix has it unencrypted',
      but: { stored: { takes: undefined } },
      says: /in Zabbix connections to it use no encryption, those from it are taken with no encryption;/,
    },
    {
      when: 'Zabbix has a key for it',
      but: { stored: aWorld().value },
      says: /in Zabbix connections to it use PSK, those from it are taken with PSK;/,
    },
    {
      when: 'the agent is unencrypted',
      but: { onDisk: { takes: undefined } },
      says: /The agent is unencrypted and the secret says "certificate"/,
    },
    {
      when: 'the agent has a key',
      but: { onDisk: aWorld().value },
      says: /has a PSK already/,
    },
  ])('where $when', async ({ but, says }) => {
    const world = aCertifiedWorld();
    Object.assign(world.host('web-1'), but);
    const { stored, onDisk } = world.host('web-1');
    await expect(world.rotate()).rejects.toThrow(says);
    expect(world.host('web-1')).toMatchObject({ stored, onDisk });
    expect(world.fleet.isClean('web-1')).toBe(true);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test.each([
    ['not asked', /targets use certificates, and the inventory asks for no first encryption/],
    ['unencrypted-too', /with which Zabbix would take unencrypted connections that it refuses today/],
  ] as const)('where the inventory says: %s', async (unencrypted, says) => {
    const world = aCertifiedWorld({ unencrypted });
    await expect(world.rotate()).rejects.toThrow(says);
    expectUntouched(world);
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test('where the secret says that it is unencrypted, or holds a key', async () => {
    const unencrypted = aWorld({ unencrypted: 'only-psk' });
    unencrypted.host('web-1').stored = { takes: undefined, certificate };
    await expect(unencrypted.rotate()).rejects.toThrow(/uses certificates, which this service does not manage/);

    const keyed = aWorld();
    keyed.host('web-1').stored = { takes: undefined, certificate };
    await expect(keyed.rotate()).rejects.toThrow(/uses certificates, which this service does not manage/);
  });
});

test('inspect tells what would be done', async () => {
  const says = async (options?: WorldOptions) => (await aCertifiedWorld(options).inspect()).says.join('\n');
  expect(await says()).toMatch(/says that certificates are used/);
  expect(await says()).toMatch(/Zabbix takes its certificate and reaches its agent/);
  expect(await says()).toMatch(/runs with a certificate; its first key would come into/);
  expect(await says()).toMatch(/mint a key of 32 bytes and give web-1 its first one in place of the certificate/);
  expect(await says({ unencrypted: 'not asked' })).toMatch(/has no "firstEncryption"/);
  expect(await says({ unencrypted: 'unencrypted-too' })).toMatch(/"firstEncryption" must be "only-psk"/);
});
