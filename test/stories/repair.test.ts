import { describe, expect, test } from 'vitest';
import { RotationRolledBack, Stranded } from '../../lambda/errors.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { runStep } from '../../lambda/rotation/rotation.ts';
import { invoke } from '../fakes/lambda.ts';
import { aWorld, token, type World } from './world.ts';

const repaired = (world: World) => repair(world.secrets.secretId, world.ports, Deadline.in(900_000, world.clock));

/** A rotation that died when these steps had ended, and that Secrets Manager does not repeat. */
async function left(world: World, ...done: readonly ('createSecret' | 'setSecret' | 'testSecret')[]): Promise<void> {
  world.secrets.begin(token);
  for (const step of done) await world.step(step);
}

describe('a rotation that was left unfinished', () => {
  test('before it had minted a key loses its label', async () => {
    const world = aWorld();
    await left(world);
    expect(await repaired(world)).toMatch(/had not minted a key; its label is gone/);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test('before Zabbix was told is taken back, and nothing had moved', async () => {
    const world = aWorld();
    await left(world, 'createSecret');
    expect(await repaired(world)).toMatch(/was left unfinished; rolled back: Zabbix had not been given a new key yet/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
  });

  test('after every host had switched is finished', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2'] });
    await left(world, 'createSecret', 'setSecret');
    expect(await repaired(world)).toMatch(/every target works with the new key, so .* was finished/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'new/new' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
    expect([world.fleet.isClean('web-1'), world.fleet.isClean('web-2')]).toEqual([true, true]);
    expect(world.ends()).toMatchObject([{ outcome: 'rotated' }]);
  });

  test('with a host that does not answer on the new key is taken back', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    const host = world.host('web-1');
    host.mute = true;
    host.isHeardOnlyAs('web');
    expect(await repaired(world)).toMatch(/rolled back: web-1 is proven to be on the old key again/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('and that somebody had begun to take back is not finished, however well it works', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    await world.secrets.markGoingBack('', token);
    expect(await repaired(world)).toMatch(/rolled back: web-1 is proven to be on the old key again/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('after its label had moved is tidied up and recorded', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    await world.secrets.promote('', { from: world.secrets.labelled('AWSCURRENT'), to: token });
    expect(await repaired(world)).toMatch(/what one had left on web-1 was tidied up/);
    expect(world.fleet.isClean('web-1')).toBe(true);
    expect(world.ends()).toMatchObject([{ outcome: 'rotated', token }]);
  });

  test('after its label had moved and before its record is found by the schedule, and recorded once', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    await world.secrets.promote('', { from: world.secrets.labelled('AWSCURRENT'), to: token });
    await world.clock.sleep(3_700_000);
    const all = () => repairAll(world.ports, Deadline.in(900_000, world.clock));
    expect(await all()).toEqual([expect.stringMatching(/what one had left on web-1 was tidied up/)]);
    await world.clock.sleep(3_700_000);
    expect(await all()).toEqual(['no rotation is unfinished']);
    expect(world.ends()).toMatchObject([{ outcome: 'rotated', token }]);
  });

  test('after its label had moved and before its record is recorded by the next rotation, which would take its mark', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    await world.secrets.promote('', { from: world.secrets.labelled('AWSCURRENT'), to: token });
    const next = 'token-of-the-next-rotation-0000000000';
    await world.rotate(next);
    expect(world.ends().map((end) => [end.token, end.outcome])).toEqual([
      [token, 'rotated'],
      [next, 'rotated'],
    ]);
  });

  test('and whose label somebody has taken away is told as stranded', async () => {
    const world = aWorld();
    await left(world, 'createSecret');
    world.secrets.takeOff('AWSPENDING', token);
    await repaired(world);
    expect(world.ends()).toMatchObject([
      { token, outcome: 'stranded', because: expect.stringMatching(/took the label/) },
    ]);
    expect(world.secrets.labels().unrecorded).toBeUndefined();
  });

  test('and that ended well is not recorded a second time', async () => {
    const world = aWorld();
    await world.rotate();
    await repaired(world);
    await world.step('finishSecret');
    expect(world.ends()).toHaveLength(1);
  });

  test('is left alone when the failure that is told of was an earlier one', async () => {
    const world = aWorld();
    const failed = world.clock.now();
    await world.clock.sleep(2_000);
    await left(world, 'createSecret', 'setSecret');
    const said = await repair(world.secrets.secretId, world.ports, Deadline.in(900_000, world.clock), failed);
    expect(said).toMatch(/something has happened to it since that rotation failed/);
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
    await world.step('testSecret');
    await world.step('finishSecret');
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('is left as it is while Zabbix cannot be asked', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    world.monitor.down = true;
    await expect(repaired(world)).rejects.toThrow(/Zabbix could not be asked which key it holds for web-1/);
    expect(world.secrets.labels().goingBack).toBeUndefined();
    expect(world.ends()).toEqual([]);
  });

  test('and whose way back was begun is proven on every target, also where it looks untouched', async () => {
    const world = aWorld();
    await left(world, 'createSecret');
    await world.secrets.markGoingBack('', token);
    world.host('web-1').mute = true;
    await expect(repaired(world)).rejects.toThrow(Stranded);
    world.host('web-1').mute = false;
    expect(await repaired(world)).toMatch(/rolled back: web-1 is proven to be on the old key again/);
  });

  test('is left alone by the schedule for an hour', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    world.secrets.changed = world.clock.now();
    const all = () => repairAll(world.ports, Deadline.in(900_000, world.clock));
    expect(await all()).toEqual(['no rotation is unfinished']);
    await world.clock.sleep(3_600_000);
    expect(await all()).toEqual([expect.stringMatching(/was finished/)]);
    expect(await all()).toEqual(['no rotation is unfinished']);
  });
});

describe('a host that cannot be commanded any more', () => {
  test('and works on the new key: the rotation is finished without its node', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    world.host('web-1').reachableByCommands = false;
    expect(await repaired(world)).toMatch(/was finished/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
  });

  test('and is still on the old key: Zabbix is given the old one again', async () => {
    const world = aWorld();
    await left(world, 'createSecret');
    const host = world.host('web-1');
    world.server.stores(host, (await world.secrets.read(await world.secrets.labels(), token)) ?? host.stored);
    host.reachableByCommands = false;
    expect(await repaired(world)).toMatch(/rolled back: web-1 is proven to be on the old key again/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test.each([
    {
      cut: 'on the old key',
      done: ['createSecret'],
      keys: 'old/old',
      says: /was left unfinished; rolled back: web-1 .* was seen to use this key/,
    },
    { cut: 'on the new key', done: ['createSecret', 'setSecret'], keys: 'new/new', says: /was finished/ },
  ] as const)(
    'and is $cut, with a server that renews its cache too late to wait for: its port tells which key was heard',
    async ({ done, keys, says }) => {
      const world = aWorld();
      await left(world, ...done);
      world.monitor.portIsOpen = true;
      const host = world.host('web-1');
      const pending = await world.secrets.read(await world.secrets.labels(), token);
      if (pending !== undefined) world.server.stores(host, pending);
      world.server.cycle = { everyS: 600, phaseS: 0 };
      world.server.renews = false;
      host.reachableByCommands = false;
      expect(await repaired(world)).toMatch(says);
      expect(world.keysInUse()).toEqual({ 'web-1': keys });
    },
  );

  test('and is on the new key while Zabbix has the old one: Zabbix is given the new one, and a human is told', async () => {
    const world = aWorld({ hosts: ['web-1', 'web-2'] });
    await left(world, 'createSecret', 'setSecret');
    const lost = world.host('web-1');
    world.server.stores(lost, world.value);
    lost.reachableByCommands = false;
    const failure = await repaired(world).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Stranded);
    expect(String(failure)).toMatch(/web-1 cannot be taken back and works with the new key on both sides/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
  });

  test('and answers on neither key: Zabbix keeps the old one, and a human is told', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    const host = world.host('web-1');
    host.reachableByCommands = false;
    host.running = undefined;
    await expect(repaired(world)).rejects.toThrow(/web-1: Zabbix holds the old key, its node could not be asked/);
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
  });
});

describe('two who pull in opposite directions', () => {
  test('a rotation that gives the key after somebody has decided to go back sees it and goes back too', async () => {
    const world = aWorld();
    await left(world, 'createSecret');
    world.fleet.onArm = () => void world.secrets.markGoingBack('', token);
    await expect(world.step('setSecret')).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('a promotion beside the decision to go back is taken back by the one who promoted', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = async (id, move) => {
      await world.secrets.markGoingBack('', token);
      await promote(id, move);
    };
    await expect(world.step('finishSecret')).rejects.toThrow(/was being taken back while it was promoted/);
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
  });

  test('a way back goes on where nobody can see the server take the old key', async () => {
    const world = aWorld();
    world.host('web-1').canProbe = false;
    world.monitor.mayExecuteScripts = true;
    await left(world, 'createSecret', 'setSecret');
    await world.secrets.markGoingBack('', token);
    Object.assign(world.ports.monitor, { serverUses: async () => false });
    await expect(world.step('testSecret')).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('a promotion that the next rotation follows at once stays', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = async (id, move) => {
      await promote(id, move);
      world.secrets.begin('token-of-the-next-rotation');
    };
    await world.step('finishSecret');
    expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('a promotion that another one beside it has taken back already is taken back for both', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = async (id, move) => {
      await promote(id, move);
      await world.secrets.markGoingBack('', token);
      if (first !== undefined) await promote(id, { from: token, to: first });
    };
    await expect(world.step('finishSecret')).rejects.toThrow(/was being taken back while it was promoted/);
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
    expect(world.ends()).toEqual([]);
  });

  test('a repair that promotes what is marked, while somebody gives Zabbix the old key, takes its promotion back', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    await world.secrets.markGoingBack('', token);
    const host = world.host('web-1');
    host.reachableByCommands = false;
    await world.clock.sleep(3_600_000);
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = async (id, move) => {
      if (move.to === token) world.server.stores(host, world.value);
      await promote(id, move);
    };
    expect(await repaired(world)).toMatch(/is being taken back by somebody else, so it was left to him/);
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
    expect(world.ends()).toEqual([]);
  });

  test('a promotion beside the decision to go back is taken back by the one who goes back', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    await world.secrets.markGoingBack('', token);
    const give = world.monitor.give.bind(world.monitor);
    world.monitor.give = async (hosts, credential) => {
      await give(hosts, credential);
      if (world.secrets.labelled('AWSCURRENT') === first) await world.secrets.promote('', { from: first, to: token });
    };
    await expect(world.step('testSecret')).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
  });

  test('a promotion that comes when the other has proven the old key and told the end is taken back by him too', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    const promotesAndDies = (call: string) => {
      if (call.startsWith('s3:PutObject')) world.secrets.promote('', { from: first, to: token });
      return undefined;
    };
    await world.secrets.markGoingBack('', token);
    await invoke(world.account, (ports, deadline) => repair(world.secrets.secretId, ports, deadline), {
      dies: promotesAndDies,
    });
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
  });

  test('a promotion that comes when the other has gone is taken back by the one who promoted', async () => {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    const first = world.secrets.labelled('AWSCURRENT');
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = (id, move) => {
      if (move.to === token) {
        world.server.stores(world.host('web-1'), world.value);
        world.secrets.discard('', token);
      }
      promote(id, move);
    };
    await expect(world.step('finishSecret')).rejects.toThrow(/was being taken back while it was promoted/);
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
    expect(world.ends()).toEqual([]);
  });
});

describe('a promotion beside the decision to go back, whose look for the mark is not answered,', () => {
  async function promotedUnseen(): Promise<World> {
    const world = aWorld();
    await left(world, 'createSecret', 'setSecret', 'testSecret');
    const promote = world.secrets.promote.bind(world.secrets);
    world.secrets.promote = (id, move) => {
      if (move.to === token) world.secrets.markGoingBack('', token);
      promote(id, move);
    };
    const finish = { step: 'finishSecret', secretId: world.secrets.secretId, token } as const;
    await invoke(world.account, (ports, deadline) => runStep(finish, ports, deadline), {
      fate: (call) =>
        call === 'secretsmanager:DescribeSecret' && world.secrets.labelled('AWSCURRENT') === token
          ? 'fails'
          : 'answered',
    });
    expect(world.secrets.labels()).toMatchObject({ current: token, goingBack: token });
    return world;
  }

  test.each(['createSecret', 'finishSecret'] as const)(
    'is taken back by the next try of %s, and so are the targets',
    async (step) => {
      const world = await promotedUnseen();
      const first = world.secrets.labelled('AWSPREVIOUS');
      await expect(world.step(step)).rejects.toThrow(RotationRolledBack);
      expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
      expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
      expect(world.secrets.labels()).toMatchObject({ current: first, pending: undefined, goingBack: undefined });
    },
  );

  test('is taken back by the repair that looks by the hour', async () => {
    const world = await promotedUnseen();
    const first = world.secrets.labelled('AWSPREVIOUS');
    await world.clock.sleep(3_700_000);
    await repairAll(world.ports, Deadline.in(900_000, world.clock));
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back' }]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labels()).toMatchObject({ current: first, pending: undefined, goingBack: undefined });
  });

  test('is taken back before a human may ask for the next rotation', async () => {
    const world = await promotedUnseen();
    const first = world.secrets.labelled('AWSPREVIOUS');
    const { secretName } = world.secrets;
    await expect(world.request({ rotate: secretName })).rejects.toThrow(/has an unfinished rotation/);
    expect(world.secrets.labels()).toMatchObject({ current: first, pending: token, goingBack: token });
  });
});
