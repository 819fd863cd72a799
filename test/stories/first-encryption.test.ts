import { describe, expect, test } from 'vitest';
import { RotationRolledBack, StillOpen } from '../../lambda/errors.ts';
import { lastRecord } from './last-record.ts';
import { aWorld, token, type World } from './world.ts';

const doors = ['only-psk', 'unencrypted-too'] as const;
const nextToken = 'token-of-the-next-rotation-0000000000';

/** As before: what Zabbix holds, what the agent runs with and has on its disk, and nothing of ours on its node. */
function expectUntouched(world: World, name = 'web-1'): void {
  const { stored, running, onDisk } = world.host(name);
  expect([stored.key, running?.key, onDisk.key]).toEqual([undefined, undefined, undefined]);
  expect(world.fleet.isClean(name)).toBe(true);
  expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  expect(world.secrets.current?.key).toBeUndefined();
}

describe('a host that is unencrypted gets its first key', () => {
  describe.each(doors)('and takes %s', (unencrypted) => {
    test.each(['passive', 'both'] as const)('when it is %s: proven, promoted and forgotten', async (kind) => {
      const world = aWorld({ kind, unencrypted });
      await world.rotate();

      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
      expect(world.host('web-1').stored).toMatchObject({ takes: unencrypted });
      expect(world.host('web-1').onDisk).toMatchObject({ takes: unencrypted });
      expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
      expect(world.fleet.isClean('web-1')).toBe(true);
      expect(world.ends()).toMatchObject([{ outcome: 'rotated', targets: [{ gate: 'shadow-agent' }] }]);
      expect(lastRecord(world)).toMatchObject({
        action: 'first-encryption',
        outcome: 'rotated',
        old: null,
        new: { keyBytes: 32 },
        firstEncryption: { before: 'unencrypted', takes: unencrypted },
        targets: [
          { uses: 'new', proof: { verdict: 'proven', oldKey: unencrypted === 'only-psk' ? 'refused' : 'none' } },
        ],
      });
    });

    test('and is rotated like any other from then on, although the inventory still asks for it', async () => {
      const world = aWorld({ unencrypted });
      await world.rotate();
      await world.rotate(nextToken);
      expect(world.secrets.labelled('AWSCURRENT')).toBe(nextToken);
      expect(world.host('web-1').stored).toMatchObject({ takes: unencrypted });
      expect(world.ends().map(({ outcome }) => outcome)).toEqual(['rotated', 'rotated']);
      expect(lastRecord(world)).toMatchObject({ action: 'rotation', old: { keyBytes: 32 } });
      expect(lastRecord(world)).not.toHaveProperty('firstEncryption');
    });

    test.each(['active', 'passive'] as const)('a proxy that is %s gets one, too', async (mode) => {
      const world = aWorld({ proxies: [{ name: 'edge', mode }], unencrypted });
      world.monitor.comparesProxyKeys = false;
      await world.rotate();
      expect(world.keysInUse()).toEqual({ edge: 'new/new' });
      expect(world.ends()).toMatchObject([{ outcome: 'rotated' }]);
    });
  });

  test('an agent that only asks gets one with which nothing else is taken', async () => {
    const world = aWorld({ kind: 'active', unencrypted: 'only-psk' });
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('unencrypted connections are tried, and refused', async () => {
    const world = aWorld({ unencrypted: 'only-psk' });
    await world.rotate();
    expect(world.ends()).toMatchObject([{ targets: [{ proofs: { oldKey: 'refused' } }] }]);
    expect(world.facts).toContainEqual(
      expect.objectContaining({
        event: 'target.proven',
        evidence: expect.objectContaining({ oldKey: 'refused', stored: 'wanted' }),
      }),
    );
  });

  test('where they go on being taken, nobody tries them', async () => {
    const world = aWorld({ unencrypted: 'unencrypted-too' });
    await world.rotate();
    expect(world.facts).toContainEqual(
      expect.objectContaining({ event: 'target.proven', evidence: expect.objectContaining({ oldKey: 'none' }) }),
    );
  });

  test('the agent is not restarted before the server takes the key', async () => {
    const world = aWorld({ unencrypted: 'only-psk' });
    const host = world.host('web-1');
    const hadServerReady: boolean[] = [];
    host.startsWith = (credential) => {
      hadServerReady.push(world.server.uses(host).identity === credential.identity);
      return credential;
    };
    await world.rotate();
    expect(hadServerReady).toEqual([true]);
  });

  test('its identity begins with what the secret says, or with the name of the first target', async () => {
    const world = aWorld({ unencrypted: 'only-psk', identity: 'web-01' });
    await world.rotate();
    expect(world.host('web-1').stored.identity).toMatch(/^web-01\.[b-z2-9]{6}$/);
  });

  test('at the gates that the function watches, and at none', async () => {
    for (const portIsOpen of [true, false]) {
      const world = aWorld({ unencrypted: 'only-psk' });
      world.host('web-1').offersShadow = false;
      world.monitor.portIsOpen = portIsOpen;
      await world.rotate();
      expect(world.ends()).toMatchObject([
        { outcome: 'rotated', targets: [{ gate: portIsOpen ? 'port-probe' : 'now' }] },
      ]);
    }
  });
});

test('whoever records it after a crash still knows that it was the first', async () => {
  const world = aWorld({ unencrypted: 'only-psk' });
  world.secrets.begin(token);
  for (const step of ['createSecret', 'setSecret', 'testSecret'] as const) await world.step(step);
  // The label has moved, and the function was killed.
  world.secrets.promote('', { from: world.secrets.labelled('AWSCURRENT'), to: token });
  await world.repair();
  expect(lastRecord(world)).toMatchObject({
    action: 'first-encryption',
    outcome: 'rotated',
    old: null,
    firstEncryption: { before: 'unencrypted', takes: 'only-psk' },
  });
  expect(world.fleet.isClean('web-1')).toBe(true);
});

describe('nothing is encrypted for the first time by accident', () => {
  test('the secret alone does not do it', async () => {
    const world = aWorld({ unencrypted: 'not asked' });
    await expect(world.rotate()).rejects.toThrow(/"firstEncryption": "only-psk" into its entry/);
    expectUntouched(world);
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test('nor does the inventory, for a secret that holds a key', async () => {
    const world = aWorld();
    world.secrets.firstEncryption = 'only-psk';
    world.host('web-1').onDisk = { takes: undefined };
    await expect(world.rotate()).rejects.toThrow(/The agent uses no PSK/);
    expect(world.host('web-1').onDisk.key).toBeUndefined();
  });

  test.each([
    {
      when: 'the agent has a key already',
      but: (world: World) => (world.host('web-1').onDisk = aWorld().value),
      says: /has a PSK already/,
    },
    {
      when: 'Zabbix has one for the host already',
      but: (world: World) => (world.host('web-1').stored = aWorld().value),
      says: /host "web-1" has a pre-shared key in Zabbix.*in place of "unencrypted"/,
    },
    {
      when: 'the host uses certificates',
      but: (world: World) => {
        world.host('web-1').stored = aWorld().value;
        world.host('web-1').uses = 'certificate';
      },
      says: /uses certificates/,
    },
  ])('refused where $when', async ({ but, says }) => {
    const world = aWorld({ unencrypted: 'only-psk' });
    but(world);
    const { stored, onDisk } = world.host('web-1');
    await expect(world.rotate()).rejects.toThrow(says);
    expect(world.host('web-1')).toMatchObject({ stored, onDisk });
    expect(world.fleet.isClean('web-1')).toBe(true);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('an agent that only asks cannot leave the door open: nothing could be proven', async () => {
    const world = aWorld({ kind: 'active', unencrypted: 'unencrypted-too' });
    await expect(world.rotate()).rejects.toThrow(/ask for "firstEncryption": "only-psk"/);
    expectUntouched(world);
  });

  test('a deploy, which has Secrets Manager test the secret, finds nothing to test', async () => {
    const world = aWorld({ unencrypted: 'only-psk' });
    world.secrets.begin(token);
    await world.step('testSecret');
    expect(world.facts).toContainEqual(expect.objectContaining({ event: 'secret.notEncrypted' }));
  });

  test('one that was given up before it was refused leaves nothing', async () => {
    const world = aWorld({ unencrypted: 'not asked' });
    world.secrets.begin(token);
    const { says } = await world.request({ rotate: world.secrets.secretName, abandon: token });
    expect(says[0]).toMatch(/had not minted a key; its label is gone/);
    await expect(world.step('setSecret')).rejects.toThrow(/is not AWSPENDING/);
    expect(world.host('web-1').stored.key).toBeUndefined();
  });

  test('inspect tells what would be done', async () => {
    const says = async (unencrypted: 'only-psk' | 'not asked') =>
      (await aWorld({ unencrypted }).inspect()).says.join('\n');
    expect(await says('only-psk')).toMatch(/says that nothing is encrypted yet/);
    expect(await says('only-psk')).toMatch(/Zabbix does not encrypt it and reaches its agent/);
    expect(await says('only-psk')).toMatch(/runs without a key; its first one would come into/);
    expect(await says('only-psk')).toMatch(/encrypt web-1 for the first time, and close the unencrypted door/);
    expect(await says('not asked')).toMatch(/would be refused: its entry in the inventory has no "firstEncryption"/);
  });
});

describe('going back', () => {
  describe.each(doors)('where it would have taken %s', (unencrypted) => {
    test.each(['passive', 'both'] as const)('an agent that is %s and does not start', async (kind) => {
      const world = aWorld({ kind, unencrypted });
      world.host('web-1').startsWith = () => undefined;
      await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
      expectUntouched(world);
      expect(world.server.hears(world.host('web-1'))).toBe(true);
      expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
      expect(lastRecord(world)).toMatchObject({
        action: 'first-encryption',
        outcome: 'rolled-back',
        old: null,
        targets: [{ uses: 'old', proof: { verdict: 'proven', node: 'old', zabbix: 'old' } }],
      });
    });

    test('one that is silent afterwards', async () => {
      const world = aWorld({ unencrypted });
      const host = world.host('web-1');
      host.onStart = () => (host.mute = host.onDisk.key !== undefined);
      await expect(world.rotate()).rejects.toThrow(/is proven to be unencrypted again, as before/);
      expectUntouched(world);
    });

    test('a server that does not take the key up: the agent is not touched', async () => {
      const world = aWorld({ unencrypted });
      world.server.renews = false;
      const { running } = world.host('web-1');
      await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
      expectUntouched(world);
      expect(world.host('web-1').running).toBe(running);
    });
  });

  test('one that has begun ends as it began, whatever the inventory says by then', async () => {
    const world = aWorld({ unencrypted: 'only-psk' });
    world.secrets.begin(token);
    await world.step('createSecret');
    world.secrets.firstEncryption = undefined;
    await world.rotate();
    expect(world.host('web-1').stored).toMatchObject({ takes: 'only-psk' });
    expect(world.ends()).toMatchObject([{ outcome: 'rotated' }]);
  });

  test('no other rotation goes back to nothing: who changes AWSCURRENT meanwhile takes no key away', async () => {
    const world = aWorld();
    world.host('web-1').startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);
    world.secrets.begin(token);
    await world.step('createSecret');
    const { targets, identityMode, keyBytes } = world.value;
    const unencrypted = { targets, identityMode, keyBytes, takes: undefined, firstIdentity: 'web' };
    world.secrets.values.set(world.secrets.labelled('AWSCURRENT') ?? '', unencrypted);
    world.secrets.firstEncryption = 'only-psk';
    await expect(world.step('setSecret')).rejects.toThrow(/is not their first key: somebody has changed the value/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('the repair takes a half-done one back, and finishes one that works', async () => {
    const dead = aWorld({ unencrypted: 'only-psk' });
    dead.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await dead.step(step);
    expect(await dead.repair()).toMatch(/was finished/);
    expect(dead.keysInUse()).toEqual({ 'web-1': 'new/new' });

    const silent = aWorld({ unencrypted: 'only-psk' });
    silent.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await silent.step(step);
    silent.host('web-1').stored = { takes: 'only-psk' };
    silent.server.renew();
    expect(await silent.repair()).toMatch(/proven to be unencrypted again, as before/);
    expectUntouched(silent);
  });

  test('an agent that takes both and cannot be asked is never taken for one that is back', async () => {
    const world = aWorld({ unencrypted: 'unencrypted-too' });
    world.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
    world.host('web-1').reachableByCommands = false;
    world.monitor.give([{ hostId: 'web-1' }], { takes: 'unencrypted-too' });
    await expect(world.repair()).rejects.toThrow();
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);

    world.host('web-1').reachableByCommands = true;
    await world.clock.sleep(60_000);
    await world.repair();
    expectUntouched(world);
  });
});

test('a proxy that may come either way and cannot be asked is never taken for one that has its key', async () => {
  const world = aWorld({ proxies: [{ name: 'edge' }], unencrypted: 'unencrypted-too' });
  world.secrets.begin(token);
  await world.step('createSecret');
  world.host('edge').reachableByCommands = false;
  world.monitor.give([{ hostId: 'proxy edge' }], { ...world.pending(), takes: 'unencrypted-too' });
  await world.clock.sleep(60_000);
  expect(world.server.hears(world.host('edge'))).toBe(true);
  await expect(world.repair()).rejects.toThrow(/edge/);
  expect(world.secrets.labelled('AWSCURRENT')).not.toBe(token);

  world.host('edge').reachableByCommands = true;
  await world.repair();
  expectUntouched(world, 'edge');
});

test('an update that was not answered leaves it open, and the next try goes on', async () => {
  const world = aWorld({ unencrypted: 'only-psk' });
  world.secrets.begin(token);
  await world.step('createSecret');
  world.monitor.giveIsLost = 'applied';
  await world.step('setSecret').catch((error: unknown) => expect(error).toBeInstanceOf(StillOpen));
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
});
