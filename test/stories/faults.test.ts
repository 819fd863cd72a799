import { describe, expect, test } from 'vitest';
import { Refusal } from '../../lambda/errors.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { driveRotation } from '../fakes/drive-rotation.ts';
import type { Conduct } from '../fakes/invocation.ts';
import { invoke } from '../fakes/lambda.ts';
import type { FakeNode } from '../fakes/node.ts';
import { aWorld, token, type World } from './world.ts';

const otherToken = 'token-of-the-other-rotation-000000000';

/** One rotation as Secrets Manager drives it, with two retries and, when it fails for good, the repair function. */
async function rotate(world: World, conduct: Conduct = {}): Promise<void> {
  world.secrets.begin(token);
  const { succeeded } = await driveRotation(
    world.account,
    world.secrets,
    token,
    { times: 2, afterMs: 60_000 },
    conduct,
  );
  if (!succeeded) await invoke(world.account, (ports, deadline) => repair(world.secrets.secretId, ports, deadline));
}

/** The same of the other secret that names the host. */
async function rotateOther({ account, other }: World): Promise<void> {
  other.begin(otherToken);
  const { succeeded } = await driveRotation(account, other, otherToken, { times: 2, afterMs: 60_000 });
  if (!succeeded) await invoke(account, (ports, deadline) => repair(other.secretId, ports, deadline));
}

async function repairedByTheHour(world: World): Promise<void> {
  await world.clock.sleep(3_700_000);
  await invoke(world.account, (ports, deadline) => repairAll(ports, deadline));
}

function nodeOf(world: World, name = 'web-1'): FakeNode {
  const node = world.account.nodes.find(({ host }) => host.name === name);
  if (node === undefined) throw new RangeError(`no node of ${name}`);
  return node;
}

/** The first calls of a kind do not get through, or their answers are lost. */
function firstCalls(kind: string, times: number, fate: 'fails' | 'lost'): Conduct {
  let left = times;
  return { fate: (call) => (call.startsWith(kind) && left-- > 0 ? fate : 'answered') };
}

/** Something happens when a node has done something for the first time. */
function when(world: World, effect: string, act: () => void): void {
  const node = nodeOf(world);
  let isDone = false;
  node.isKilledAfter = (did) => {
    if (!isDone && did === effect) {
      isDone = true;
      act();
    }
    return false;
  };
}

/** Both sides and the secret share one key of the rotation's two; what is left on the node has been told, for the next prepare to clear. */
function expectEnded(world: World): void {
  const shared = world.keysInUse()['web-1'];
  expect(['new/new', 'old/old']).toContain(shared);
  expect(world.secrets.labelled('AWSCURRENT') === token ? 'new/new' : 'old/old').toBe(shared);
  expect(world.server.hears(world.host('web-1'))).toBe(true);
  expect(world.secrets.unfinished).toBeUndefined();
  const isTold = world.facts.some(({ event }) => event === 'target.notCalledOff');
  expect(nodeOf(world).isClean || isTold).toBe(true);
}

function expectRotated(world: World): void {
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
  expect(nodeOf(world).isClean).toBe(true);
  expect(world.ends().at(-1)).toMatchObject({ outcome: 'rotated' });
}

function expectBack(world: World, outcome: 'rolled-back' | 'refused'): void {
  expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  expect(nodeOf(world).isClean).toBe(true);
  expect(world.ends().at(-1)).toMatchObject({ outcome });
}

describe('calls', () => {
  test.each(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret', 'secretsmanager:PutSecretValue'])(
    '%s is throttled once: the next try rotates',
    async (call) => {
      const world = aWorld();
      await rotate(world, firstCalls(call, 1, 'fails'));
      expectRotated(world);
    },
  );

  test('Systems Manager is throttled once: nothing was changed, and the label is free for the next rotation', async () => {
    const world = aWorld();
    await rotate(world, firstCalls('ssm:SendCommand', 1, 'fails'));
    expectBack(world, 'refused');
  });

  test('Zabbix answers 502 twice in a row: the third question is answered', async () => {
    const world = aWorld();
    await rotate(world, firstCalls('zabbix:', 2, 'fails'));
    expectRotated(world);
  });

  test.each([
    'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecretVersionStage AWSCURRENT',
    'zabbix:host.update',
  ])('the answer to %s is lost after the change: the next try finds it done', async (call) => {
    const world = aWorld();
    await rotate(world, firstCalls(call, 1, 'lost'));
    expectRotated(world);
  });

  test('the answer to the command that arms the node is lost: the agent is not touched twice, both sides share a key', async () => {
    const world = aWorld();
    await rotate(world, firstCalls('ssm:SendCommand switch', 1, 'lost'));
    expectBack(world, 'refused');
  });
});

describe('commands', () => {
  test('delivered 25 s late: the rotation takes longer', async () => {
    const world = aWorld();
    world.fleet.arrivesAfterMs = () => [25_000];
    await rotate(world);
    expectRotated(world);
  });

  test('delivered twice: the second finds it done', async () => {
    const world = aWorld();
    world.fleet.arrivesAfterMs = () => [700, 1_500];
    await rotate(world);
    expectRotated(world);
  });

  test('whose output is cut off, whatever the verb: the rotation is refused, and what it prepared is cleared by the next one', async () => {
    const world = aWorld();
    world.fleet.cutsOff = () => true;
    await rotate(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.ends()).toMatchObject([
      { outcome: 'refused', because: expect.stringContaining('without an account') },
    ]);
    world.fleet.cutsOff = () => false;
    await world.rotate('token-of-the-next-rotation-0000000000');
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('whose output is cut off when the agent has switched: the next try finds it done', async () => {
    const world = aWorld();
    let left = 1;
    world.fleet.cutsOff = (verb) => verb === 'switch' && left-- > 0;
    await rotate(world);
    expectRotated(world);
    expect(nodeOf(world).did.filter((effect) => effect === 'agent stopped')).toHaveLength(1);
  });

  test('a switch delivered only when the rotation has been given up does nothing', async () => {
    const world = aWorld();
    world.fleet.arrivesAfterMs = (verb) => (verb === 'switch' ? [400_000] : [700]);
    await rotate(world);
    await world.clock.sleep(500_000);
    expectBack(world, 'refused');
  });

  test('a switch delivered again after the roll back does nothing', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    const againAfterMs = 1_500_000;
    world.fleet.arrivesAfterMs = (verb) => (verb === 'switch' ? [700, againAfterMs] : [700]);
    host.startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);
    await rotate(world);
    expectBack(world, 'rolled-back');
    const { did } = nodeOf(world);
    const stopped = () => did.filter((effect) => effect === 'agent stopped').length;
    const before = stopped();
    const switched = world.fleet.commands.find(({ verb }) => verb === 'switch');
    const leftMs = (switched?.sentMs ?? 0) + againAfterMs - world.clock.now().ms;
    expect(leftMs).toBeGreaterThan(0);
    // It could start with the new key now.
    host.startsWith = (credential) => credential;

    await world.clock.sleep(leftMs + 300_000);

    expect(stopped()).toBe(before);
    expectBack(world, 'rolled-back');
  });
});

describe('an exchange that was cut short on a node that cannot be commanded for a while, and was taken back by contact', () => {
  async function takenBackByContact(): Promise<World> {
    const world = aWorld();
    const host = world.host('web-1');
    // Its notes say that the new key is to be put in place; the agent still runs on the old one.
    nodeOf(world).isKilledAfter = (effect) => {
      if (effect !== 'key set aside') return false;
      host.reachableByCommands = false;
      return true;
    };
    await rotate(world);
    await repairedByTheHour(world);
    expect(world.ends().at(-1)).toMatchObject({ outcome: 'rolled-back' });
    host.reachableByCommands = true;
    nodeOf(world).isKilledAfter = () => false;
    return world;
  }

  test('is not finished by a prepare that is delivered a second time', async () => {
    const world = await takenBackByContact();
    const values = world.fleet.commands.find(({ verb }) => verb === 'prepare')?.values;
    if (values === undefined) throw new RangeError('nothing was prepared');
    // Whatever the node's clock says: a late command must not depend on it.
    world.fleet.send(nodeOf(world), 'prepare', { ...values, notAfter: '9999999999' });
    await world.clock.sleep(60_000);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.host('web-1').prints).toBe(world.value.key.fingerprint);
  });

  test('is taken back on the node by the next prepare of its secret', async () => {
    const world = await takenBackByContact();
    await world.rotate('token-of-the-next-rotation-0000000000');
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(nodeOf(world).isClean).toBe(true);
  });
});

describe('nodes', () => {
  test('rebooted between prepare and switch: both sides are taken back to the old key', async () => {
    const world = aWorld();
    world.fleet.onArm = () => nodeOf(world).reboot(20_000);
    await rotate(world);
    await repairedByTheHour(world);
    expectBack(world, 'rolled-back');
  });

  test('rebooted between switch and forget: the rotation is finished', async () => {
    const world = aWorld();
    const node = nodeOf(world);
    const dies: Conduct['dies'] = (call) => {
      if (call.startsWith('secretsmanager:UpdateSecretVersionStage AWSCURRENT')) node.reboot(20_000);
      return undefined;
    };
    await rotate(world, { dies });
    expectRotated(world);
  });

  test('an agent that needs 20 s to start is waited for', async () => {
    const world = aWorld();
    world.host('web-1').startMs = 20_000;
    await rotate(world);
    expectRotated(world);
  });

  test('an agent that is down for half an hour, in a rotation whose way back could not be marked, is not left behind by the next try', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    when(world, 'key in place', () => {
      host.startMs = 25_000;
      world.clock.in(1_800_000, () => {
        host.startMs = 150;
      });
    });
    await rotate(world, firstCalls('secretsmanager:UpdateSecretVersionStage ZABBIX', 1, 'fails'));
    expect(world.ends().at(-1)).toMatchObject({ outcome: 'stranded', because: expect.stringContaining('web-1') });
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
    await repairedByTheHour(world);
    expectBack(world, 'rolled-back');
  });

  test('an agent that starts with an unusable key goes back to the old one', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.isHeardOnlyAs('web');
    await rotate(world);
    expectBack(world, 'rolled-back');
  });

  test('a full disk is refused before anything is touched', async () => {
    const world = aWorld();
    nodeOf(world).diskFull = true;
    await rotate(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.ends()).toMatchObject([{ outcome: 'refused', because: expect.stringContaining('no space left') }]);
  });

  test.each(
    'key pair made, prepared, staged, armed, exchange begun, key set aside, identity in place, key in place, agent stopped, agent started, account written, exchange settled'.split(
      ', ',
    ),
  )(
    'a disk that is full from "%s" on for 10 minutes: both sides share a key, and a repair brings the rest to an end',
    async (effect) => {
      const world = aWorld();
      const node = nodeOf(world);
      when(world, effect, () => {
        node.diskFull = true;
        world.clock.in(600_000, () => {
          node.diskFull = false;
        });
      });
      await rotate(world);
      await repairedByTheHour(world);
      expect(node.did).toContain(effect);
      expectEnded(world);
    },
  );

  test('a configuration that is read-only is refused before anything is touched', async () => {
    const world = aWorld();
    nodeOf(world).readOnly = true;
    await rotate(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.ends()).toMatchObject([{ outcome: 'refused', because: expect.stringContaining('read-only') }]);
  });

  test.each(['prepared', 'armed', 'key set aside', 'identity in place', 'key in place'])(
    'a configuration that turns read-only after "%s": both sides share a key, and the rotation has an end',
    async (effect) => {
      const world = aWorld();
      const node = nodeOf(world);
      when(world, effect, () => {
        node.readOnly = true;
        world.clock.in(600_000, () => {
          node.readOnly = false;
        });
      });
      await rotate(world);
      await repairedByTheHour(world);
      expectEnded(world);
    },
  );

  test('an agent that starts with the new key and dies goes back to the old one', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.startsWith = (credential) => {
      if (credential.identity !== 'web')
        world.clock.in(2_000, () => {
          world.monitor.hearing.look(host);
          if (host.running === credential) host.running = undefined;
        });
      return credential;
    };
    await rotate(world);
    expectBack(world, 'rolled-back');
  });

  test.each([-3_600_000, 3_600_000])('a clock that is %i ms off is learnt', async (aheadMs) => {
    const world = aWorld();
    world.host('web-1').clockAheadMs = aheadMs;
    await rotate(world);
    expectRotated(world);
  });
});

describe('Zabbix', () => {
  test('its server is restarted while the node waits: the agent follows when it is back', async () => {
    const world = aWorld();
    world.fleet.onArm = () => {
      world.server.up = false;
      world.clock.in(40_000, () => {
        world.server.up = true;
        world.server.renew();
      });
    };
    await rotate(world);
    expectRotated(world);
  });

  test('its server renews its cache too late: the agent is never touched', async () => {
    const world = aWorld();
    world.server.cycle = { everyS: 600, phaseS: 300 };
    await rotate(world);
    expect(nodeOf(world).did).not.toContain('agent stopped');
    expectBack(world, 'rolled-back');
  });

  test('its API is down when the key has been given: the rotation stays open, and the next try ends it', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.startsWith = (credential) => {
      world.monitor.down = true;
      world.clock.in(90_000, () => {
        world.monitor.down = false;
      });
      host.startsWith = (next) => next;
      return credential;
    };
    await rotate(world);
    expectRotated(world);
  });

  test('its session ends in the middle: the function signs in again, and the rotation goes on', async () => {
    const world = aWorld();
    world.monitor.access = { username: 'rotation', password: 'of the rotation' };
    world.fleet.onArm = () => world.monitor.endSessions();
    let logins = 0;
    let invocations = 0;
    await rotate(world, {
      fate: (call) => {
        if (call === 'zabbix:user.login') logins += 1;
        if (call === 'zabbix:apiinfo.version') invocations += 1;
        return 'answered';
      },
    });
    expect(logins).toBe(invocations + 1);
    expectRotated(world);
  });

  test('its API takes 8 s for every answer: the rotation takes longer', async () => {
    const world = aWorld();
    await rotate(world, { tripMs: (call) => (call.startsWith('zabbix:') ? 4_000 : 20) });
    expectRotated(world);
  });

  test('its token is revoked in the middle: the host is heard all the time, and is taken back to the old key when there is another token', async () => {
    const world = aWorld();
    world.fleet.onArm = () => {
      world.monitor.refuses = new Refusal('ZABBIX_TOKEN_REFUSED', 'Zabbix does not accept the API token');
    };
    await rotate(world);
    expect(world.server.hears(world.host('web-1'))).toBe(true);
    world.monitor.refuses = undefined;
    await repairedByTheHour(world);
    expectBack(world, 'rolled-back');
  });

  test('a host that is put into a maintenance without data in the middle keeps the new key, is told of, and is proven when that has ended', async () => {
    const world = aWorld();
    when(world, 'exchange settled', () => {
      world.host('web-1').silenced = true;
    });
    await rotate(world);
    const silenced = expect.objectContaining({ because: expect.stringMatching(/maintenance without data collection/) });
    expect(world.facts).toContainEqual(expect.objectContaining({ event: 'target.notProven', verdict: silenced }));
    expect(world.server.hears(world.host('web-1'))).toBe(true);
    world.host('web-1').silenced = false;
    await repairedByTheHour(world);
    expectRotated(world);
  });

  test('its API takes every question and answers none for ten minutes: both sides share a key, and the rotation has an end', async () => {
    const world = aWorld();
    when(world, 'agent started', () => {
      world.monitor.silent = true;
      world.clock.in(600_000, () => {
        world.monitor.silent = false;
      });
    });
    await rotate(world);
    await repairedByTheHour(world);
    expectEnded(world);
  });

  test('a host that is disabled in the middle is not cut off, and is taken back to the old key when it is enabled', async () => {
    const world = aWorld();
    world.fleet.onArm = () => {
      world.host('web-1').enabled = false;
    };
    await rotate(world);
    expect(world.server.hears(world.host('web-1'))).toBe(true);
    world.host('web-1').enabled = true;
    await repairedByTheHour(world);
    expectBack(world, 'rolled-back');
  });
});

describe('Secrets Manager', () => {
  test('the secret is deleted in mid-rotation: both sides work with the new key, and the rotation is finished when it is restored', async () => {
    const world = aWorld();
    when(world, 'exchange settled', () => {
      world.secrets.deleted = true;
    });
    await rotate(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
    world.secrets.deleted = false;
    await repairedByTheHour(world);
    expectRotated(world);
  });

  test('the KMS key is disabled in mid-rotation: both sides work with the new key, and the rotation is finished when it is enabled', async () => {
    const world = aWorld();
    when(world, 'exchange settled', () => {
      world.secrets.keyDisabled = true;
    });
    await rotate(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    world.secrets.keyDisabled = false;
    await repairedByTheHour(world);
    expectRotated(world);
  });
});

describe('people', () => {
  test('somebody has changed the key in Zabbix: refused by name, and his key stays', async () => {
    const world = aWorld();
    const byHand = { identity: 'by-hand', key: PskKey.mint(32) };
    world.server.stores(world.host('web-1'), byHand);
    await rotate(world);
    expect(world.host('web-1').stored).toBe(byHand);
    expect(world.ends().at(-1)).toMatchObject({ because: expect.stringContaining('Zabbix holds another key') });
  });

  test('somebody changes the key on the node when it has been prepared: the node refuses, and Zabbix is never told', async () => {
    const world = aWorld();
    const byHand = { identity: 'by-hand', key: PskKey.mint(32) };
    world.fleet.onArm = () => {
      world.host('web-1').onDisk = byHand;
    };
    await rotate(world);
    expect(world.host('web-1').onDisk).toBe(byHand);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.facts.map(({ event }) => event)).not.toContain('zabbix.giving');
    expect(world.ends().at(-1)).toMatchObject({ outcome: 'refused' });
  });

  test('somebody changes the key in Zabbix after the switch: both sides are taken back to the old key', async () => {
    const world = aWorld();
    when(world, 'exchange settled', () => {
      world.monitor.hearing.look(world.host('web-1'));
      world.server.stores(world.host('web-1'), { identity: 'by-hand', key: PskKey.mint(32) });
    });
    await rotate(world);
    expectBack(world, 'rolled-back');
  });

  test('somebody changes the key on the node after the switch: both sides are taken back to the old key', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    when(world, 'exchange settled', () => {
      world.monitor.hearing.look(host);
      host.onDisk = { identity: 'by-hand', key: PskKey.mint(32) };
      host.running = host.onDisk;
    });
    await rotate(world);
    expectBack(world, 'rolled-back');
  });

  test('two secrets name one host: the one whose key is not in use is refused, and the other one rotates', async () => {
    const world = aWorld({ otherSecret: 'another key' });
    await rotateOther(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.ends()).toMatchObject([{ secretId: world.other.secretId, outcome: 'refused' }]);
    await rotate(world);
    expectRotated(world);
  });

  test('two secrets with one key name one host: the first rotates, and the second is refused from then on', async () => {
    const world = aWorld({ otherSecret: 'the same key' });
    await rotate(world);
    expectRotated(world);
    await rotateOther(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.ends().at(-1)).toMatchObject({ secretId: world.other.secretId, outcome: 'refused' });
    expect(world.other.unfinished).toBeUndefined();
  });

  test('two secrets with one key name one host and rotate at once: one of them rotates, the other one is refused', async () => {
    const world = aWorld({ otherSecret: 'the same key' });
    await Promise.all([rotate(world), rotateOther(world)]);
    await repairedByTheHour(world);
    await repairedByTheHour(world);
    const outcomes = [world.secrets, world.other].map(
      ({ secretId }) => world.ends().findLast((end) => end.secretId === secretId)?.outcome,
    );
    expect(outcomes.toSorted()).toEqual(['refused', 'rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect([world.secrets.unfinished, world.other.unfinished]).toEqual([undefined, undefined]);
  });

  test('a rotation that is given up before it has minted a key has an end', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.request({ rotate: world.secrets.secretName, abandon: token });
    expect(world.ends()).toMatchObject([{ token, outcome: 'refused' }]);
  });
});
