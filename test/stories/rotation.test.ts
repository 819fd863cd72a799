import { describe, expect, test } from 'vitest';
import { Refusal, RotationRolledBack } from '../../lambda/errors.ts';
import { fingerprintOf } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { aWorld, token } from './world.ts';

describe('going forward', () => {
  test.each(['passive', 'active', 'both'] as const)(
    'a host that is %s ends on the new key, promoted and proven',
    async (kind) => {
      const world = aWorld({ kind });
      await world.rotate();

      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
      expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
      expect(world.fleet.isClean('web-1')).toBe(true);
      expect(world.ends()).toMatchObject([
        {
          outcome: 'rotated',
          trigger: 'Secrets Manager',
          targets: [
            {
              target: 'web-1',
              gate: 'shadow-agent',
              agentDownMs: 150,
              proofs: { oldKey: 'refused', storedInZabbix: true },
            },
          ],
        },
      ]);
    },
  );

  test('every target of a secret gets the new key, the first one first', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2', 'web-3'] });
    await world.rotate();

    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'new/new', 'web-3': 'new/new' });
    const switched = world.facts.filter(({ event }) => event === 'target.switched').map(({ target }) => target);
    expect(switched[0]).toBe('web-1');
    expect(switched.toSorted()).toEqual(['web-1', 'web-2', 'web-3']);
  });

  describe('ten hosts with one key', () => {
    const ten = Array.from({ length: 10 }, (_, at) => `web-${at}`);
    const all = (state: string) => Object.fromEntries(ten.map((name) => [name, state]));

    test('move in two turns of the server: the canary, then the others', async () => {
      const world = aWorld({ hosts: ten });
      world.server.cycle = { everyS: 60, phaseS: 0 };
      const from = world.clock.now().ms;
      await world.rotate();
      expect(world.keysInUse()).toEqual(all('new/new'));
      expect(world.facts.filter(({ event }) => event === 'zabbix.giving').map(({ targets }) => targets)).toEqual([
        ['web-0'],
        ten.slice(1),
      ]);
      expect(world.clock.now().ms - from).toBeLessThan(300_000);
    });

    test('are all back on the old one when the last of them does not come up', async () => {
      const world = aWorld({ hosts: ten });
      world.host('web-9').startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);
      await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
      expect(world.keysInUse()).toEqual(all('old/old'));
      expect(ten.every((name) => world.fleet.isClean(name))).toBe(true);
    });

    test('that nobody can arm move one after the other, each in its own time', async () => {
      const world = aWorld({ hosts: ten.slice(0, 3) });
      world.monitor.mayExecuteScripts = true;
      for (const name of ten.slice(0, 3)) world.host(name).canProbe = false;
      await world.rotate();
      expect(world.facts.filter(({ event }) => event === 'zabbix.giving').map(({ targets }) => targets)).toEqual([
        ['web-0'],
        ['web-1'],
        ['web-2'],
      ]);
    });
  });

  test('a new identity comes with every key, and replaces the last one instead of growing', async () => {
    const world = aWorld({ identity: 'web-01.k7q2x9' });
    await world.rotate();
    expect(world.host('web-1').stored.identity).toMatch(/^web-01\.[b-z2-9]{6}$/);
    expect(world.host('web-1').stored.identity).not.toBe('web-01.k7q2x9');
  });

  test('a fixed identity stays', async () => {
    const world = aWorld({ identity: 'zbx-agent-active-rocky', identityMode: 'fixed', hosts: ['web-1', 'web-2'] });
    await world.rotate();
    expect(world.host('web-2').stored.identity).toBe('zbx-agent-active-rocky');
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'new/new' });
  });

  test.each([16, 32, 256])('the next key has the %i bytes that the secret asks for', async (keyBytes) => {
    const world = aWorld({ keyBytes });
    await world.rotate();
    expect(world.host('web-1').onDisk.key?.bytes).toBe(keyBytes);
  });

  test('the agent is never restarted before the server accepts the new key', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    const hadServerReady: boolean[] = [];
    host.startsWith = (credential) => {
      hadServerReady.push(fingerprintOf(world.server.uses(host)) === credential.key.fingerprint);
      return credential;
    };
    await world.rotate();
    expect(hadServerReady).toEqual([true]);
  });
});

describe('gates', () => {
  test.each([
    { mayExecuteScripts: true, portIsOpen: true, gate: 'script-execute' },
    { mayExecuteScripts: false, portIsOpen: true, gate: 'port-probe' },
    { mayExecuteScripts: false, portIsOpen: false, gate: 'now' },
  ])(
    'a node that cannot probe is switched at $gate when scripts: $mayExecuteScripts, port: $portIsOpen',
    async ({ gate, ...rights }) => {
      const world = aWorld();
      world.host('web-1').canProbe = false;
      Object.assign(world.monitor, rights);
      await world.rotate();

      expect(world.facts).toContainEqual(expect.objectContaining({ event: 'target.switched', gate }));
      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    },
  );
});

describe('going back', () => {
  test('an agent that does not come up with the new key is back on the old one, and so is Zabbix', async () => {
    const world = aWorld();
    world.host('web-1').startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);

    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);

    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.fleet.isClean('web-1')).toBe(true);
    expect(world.ends()).toMatchObject([
      {
        outcome: 'rolled-back',
        because: expect.stringContaining('web-1 was not switched: it was not listening within 20 s'),
      },
    ]);
  });

  test('one silent host takes every target back to the old key', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2'] });
    const silent = world.host('web-2');
    silent.isHeardOnlyAs('web');

    await expect(world.rotate()).rejects.toThrow(
      /web-2 is not proven to be on its new key \((silent|refused)\).*web-1, web-2 are proven to be on the old key again/,
    );
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old', 'web-2': 'old/old' });
  });

  test('a server that never takes up the key costs nothing: the agent is not touched', async () => {
    const world = aWorld();
    world.server.renews = false;
    let restarts = 0;
    world.host('web-1').startsWith = (credential) => {
      restarts += 1;
      return credential;
    };
    await expect(world.rotate()).rejects.toThrow(/was not switched: the server did not accept the key within 150 s/);
    expect(restarts).toBe(0);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('after a roll back the next rotation works', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);

    host.startsWith = (credential) => credential;
    await world.rotate('token-of-the-next-rotation-000000000');
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('a node whose account never arrives is left to follow the server, and the next try ends the rotation', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    world.secrets.begin(token);
    await world.step('createSecret');
    host.startsWith = (credential) => {
      host.reachableByCommands = false;
      return credential;
    };
    await expect(world.step('setSecret')).rejects.toThrow(
      /Zabbix holds the new key of web-1.*tries the rotation again/,
    );
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);

    host.reachableByCommands = true;
    for (const name of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(name);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('an agent that is down for good is reported as stranded, with where each key is, and no key is thrown away', async () => {
    const world = aWorld();
    world.host('web-1').startsWith = () => undefined;
    await expect(world.rotate()).rejects.toThrow(
      /web-1 was not switched: the agent is down; going back failed too\. web-1: Zabbix holds the old key, its agent is down with the old key in place \(no fresh value.*"abandon": "token-of/,
    );
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
    expect(world.ends()).toMatchObject([{ outcome: 'stranded' }]);
  });

  test('a target that cannot be commanded on the way back keeps the key it answers on', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2'] });
    world.host('web-2').startsWith = (credential) => {
      world.host('web-1').reachableByCommands = false;
      return credential.identity === 'web' ? credential : undefined;
    };
    await expect(world.rotate()).rejects.toThrow(
      /web-1 cannot be taken back and works with the new key on both sides, so Zabbix keeps that key for it/,
    );
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'old/old' });
  });
});

describe('the label of a key in use is never taken away', () => {
  async function onTheNewKey() {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    return world;
  }

  test('a refusal on a retry, when Zabbix cannot be asked how far it came, leaves the rotation open', async () => {
    const world = await onTheNewKey();
    world.monitor.refuses = new Refusal('ZABBIX_TOKEN_REFUSED', 'Zabbix does not accept the API token');
    await expect(world.step('setSecret')).rejects.toThrow(/does not accept the API token; the rotation stays open/);
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test.each(['applied', 'not-applied'] as const)(
    'an update that Zabbix did not answer and that was %s leaves it open, and the next try ends it',
    async (how) => {
      const world = aWorld();
      world.secrets.begin(token);
      await world.step('createSecret');
      world.monitor.giveIsLost = how;
      await expect(world.step('setSecret')).rejects.toThrow(
        /may still have taken the new key of web-1; the rotation stays open/,
      );
      expect(world.secrets.labelled('AWSPENDING')).toBe(token);

      for (const name of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(name);
      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    },
  );

  test('a rotation that was given up meanwhile does not tell Zabbix', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    world.fleet.onArm = () => void world.secrets.discard('', token);
    await expect(world.step('setSecret')).rejects.toThrow(/is not AWSPENDING: that rotation has ended/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.fleet.isClean('web-1')).toBe(true);
  });
});

describe('a node that nobody armed does not follow by itself', () => {
  test.each([
    { mayExecuteScripts: true, portIsOpen: false },
    { mayExecuteScripts: false, portIsOpen: true },
    { mayExecuteScripts: false, portIsOpen: false },
  ])('so Zabbix gets the old key back: scripts $mayExecuteScripts, port $portIsOpen', async (rights) => {
    const world = aWorld();
    world.host('web-1').canProbe = false;
    Object.assign(world.monitor, rights);
    world.fleet.lost.add('switch');
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });
});

test('what only proves that the server knows an identity is no gate for the second of several hosts', async () => {
  const world = aWorld({ hosts: ['web-1', 'web-2'] });
  for (const name of ['web-1', 'web-2']) world.host(name).canProbe = false;
  world.monitor.portIsOpen = true;
  await world.rotate();
  expect(world.facts.filter(({ event }) => event === 'target.switched').map(({ gate }) => gate)).toEqual([
    'now',
    'now',
  ]);
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'new/new' });
});

test('a slow server is waited for when the agent was switched without knowing', async () => {
  const world = aWorld();
  world.host('web-1').canProbe = false;
  world.server.renewsAfterS = 58;
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
});

test('an active host on a node whose clock is wrong keeps the key it answers on when its node is lost on the way back', async () => {
  const world = aWorld({ hosts: ['web-1', 'web-2'], kind: 'active' });
  world.host('web-2').startsWith = (credential) => {
    world.host('web-1').reachableByCommands = false;
    return credential.identity === 'web' ? credential : undefined;
  };
  await expect(world.rotate()).rejects.toThrow(/web-1 cannot be taken back and works with the new key/);
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'old/old' });
});

describe('every step may run twice', () => {
  test.each([1, 2, 3, 4])(
    'Secrets Manager starts anew after %i steps and the end is that of one clean run',
    async (done) => {
      const world = aWorld();
      world.secrets.begin(token);
      const names = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
      for (const name of names.slice(0, done)) await world.step(name);
      for (const name of names) await world.step(name);

      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
      expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
      expect(world.fleet.isClean('web-1')).toBe(true);
    },
  );

  test('and so it is where the function asks the server by script', async () => {
    const world = aWorld();
    world.host('web-1').canProbe = false;
    world.monitor.mayExecuteScripts = true;
    world.secrets.begin(token);
    for (const name of [
      'createSecret',
      'setSecret',
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ] as const) {
      await world.step(name);
    }
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('a retry never mints again', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    const minted = world.secrets.values.get(token);
    await world.step('createSecret');
    expect(world.secrets.values.get(token)).toBe(minted);
  });

  test('a token that is current already is left alone', async () => {
    const world = aWorld();
    await world.rotate();
    const before = world.facts.length;
    await world.step('setSecret');
    expect(world.facts).toHaveLength(before);
  });

  test('a token that was rolled back is refused by name', async () => {
    const world = aWorld();
    await expect(world.step('setSecret', 'token-of-nobody-00000000000000000000')).rejects.toThrow(
      /is not AWSPENDING: that rotation has ended/,
    );
  });
});

describe('test rotation alone (RotateImmediately=false)', () => {
  test('checks what is in place and changes nothing', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('testSecret');
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.facts).toMatchObject([{ event: 'target.proven' }]);
  });

  test('a secret that nobody has adopted yet is no failure', async () => {
    const world = aWorld();
    world.secrets.values.clear();
    world.secrets.begin(token);
    await world.step('testSecret');
    expect(world.facts).toMatchObject([{ event: 'secret.notAdopted' }]);
  });

  test('says what does not work, and does not roll back', async () => {
    const world = aWorld();
    world.host('web-1').mute = true;
    world.secrets.begin(token);
    await expect(world.step('testSecret')).rejects.toThrow(Refusal);
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
  });
});

describe('a refusal changes nothing and leaves no label behind', () => {
  test.each([
    [
      'a disabled host',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { enabled: false }),
      /host "web-1" is disabled in Zabbix/,
    ],
    [
      'a host with certificates',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { uses: 'certificate' }),
      /uses certificates/,
    ],
    [
      'a host without a key',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { uses: 'none' }),
      /does not use a pre-shared key/,
    ],
    [
      'a host in a maintenance without data collection',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { silenced: true }),
      /maintenance without data collection/,
    ],
    [
      'a host behind a proxy',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { behindProxy: 'slow' }),
      /monitored by a proxy/,
    ],
    [
      'a host that is unreachable already',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { mute: true }),
      /cannot reach the agent of host "web-1" even now/,
    ],
    [
      'an offline node',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.host('web-1'), { reachableByCommands: false }),
      /did not take up the command .*; nothing was changed/,
    ],
    [
      'a Zabbix that is down',
      (world: ReturnType<typeof aWorld>) => Object.assign(world.monitor, { down: true }),
      /cannot be reached \(ECONNREFUSED\); nothing was changed/,
    ],
  ])('%s', async (_, breaks, sentence) => {
    const world = aWorld();
    breaks(world);
    await world.clock.sleep(60_000);
    await expect(world.rotate()).rejects.toThrow(sentence);

    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test('an identity that a host outside the secret uses', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2'] });
    const [target] = world.value.targets;
    world.secrets.values.set(world.secrets.labelled('AWSCURRENT') ?? '', { ...world.value, targets: [target] });
    await expect(world.rotate()).rejects.toThrow(/identity "web" is also used by "web-2"/);
  });
});

test('an identity that a stranger uses with another key is refused by name', async () => {
  const world = aWorld({ hosts: ['web-1', 'web-2'] });
  const [target] = world.value.targets;
  world.secrets.values.set(world.secrets.labelled('AWSCURRENT') ?? '', { ...world.value, targets: [target] });
  world.host('web-2').stored = { identity: 'web', key: PskKey.mint(32) };
  await expect(world.rotate()).rejects.toThrow(
    /identity "web" is also used by "web-2", which zabbix-psk\/fake does not list/,
  );
});

describe('requests from the console', () => {
  test('{"rotate"} starts a rotation under a token that tells who asked', async () => {
    const world = aWorld();
    const { says } = await world.request({ rotate: world.secrets.secretName });
    expect(says.join(' ')).toMatch(/The rotation of zabbix-psk\/fake has started \(version requested-/);
    expect(world.secrets.startedRotations).toHaveLength(1);
  });

  test('{"rotate"} with an unfinished rotation says how to give it up', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    await expect(world.request({ rotate: world.secrets.secretName })).rejects.toThrow(`"abandon": "${token}"`);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('{"rotate", "abandon"} takes the unfinished rotation back, then starts anew', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    const { says } = await world.request({ rotate: world.secrets.secretName, abandon: token });
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(says[0]).toMatch(/given up on request; rolled back: web-1 is proven to be on the old key again/);
    expect(world.secrets.startedRotations).toHaveLength(1);
  });

  test('{"inspect"} changes nothing and tells what is and what would be done', async () => {
    const world = aWorld();
    const { says } = await world.inspect();
    expect(says.join('\n')).toMatch(/Zabbix holds the key of AWSCURRENT and reaches its agent/);
    expect(says.join('\n')).toMatch(
      /zabbix_agentd 6.0.14 on i-.* runs with the key of AWSCURRENT in \/etc\/zabbix\/agent.psk/,
    );
    expect(says.at(-1)).toMatch(/would mint a key of 32 bytes, use a new identity, and switch web-1/);
    expect(world.facts).toEqual([]);
  });
});
