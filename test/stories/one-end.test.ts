import { describe, expect, test } from 'vitest';
import { ZabbixRefused } from '../../lambda/errors.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import { inTime } from '../../lambda/rotation/in-time.ts';
import { onNodes } from '../../lambda/rotation/model.ts';
import type { Ports } from '../../lambda/rotation/ports.ts';
import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { requestRotation } from '../../lambda/rotation/rotate-request.ts';
import { runStep, steps } from '../../lambda/rotation/rotation.ts';
import { driveRotation } from '../fakes/drive-rotation.ts';
import type { Conduct } from '../fakes/invocation.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { invoke, type Work } from '../fakes/lambda.ts';
import { aWorld, token, type World } from './world.ts';

// What has been told as ended never goes forward afterwards, and what may have moved is never told as "nothing was changed".

const drive = (world: World, ofToken = token, conduct: Conduct = {}, times = 0) =>
  driveRotation(world.account, world.secrets, ofToken, { times, afterMs: 60_000 }, conduct);

async function repairedByTheHour(world: World): Promise<void> {
  await world.clock.sleep(3_700_000);
  await invoke(world.account, (ports, deadline) => repairAll(ports, deadline));
}

/** How a rotation ended, by the log and by the records; `refused` and `rolled-back` are the same end. */
function endsOf({ facts, account }: World, ofToken: string): readonly string[] {
  const told = facts
    .filter(({ event, token: ended }) => event === 'rotation.ended' && ended === ofToken)
    .map(({ outcome }) => String(outcome));
  const kept = keptRecords(account.bucket).records.filter(({ versionId }) => versionId === ofToken);
  const plain = (outcome: string) => (outcome === 'rolled-back' ? 'refused' : outcome);
  return [...new Set([...told, ...kept.map(({ outcome }) => outcome)].map(plain))];
}

const abandon =
  (world: World): Work<unknown> =>
  (ports, deadline) =>
    requestRotation({ rotate: world.secrets.secretName, abandon: token }, ports, deadline);
const repairIt =
  (world: World): Work<unknown> =>
  (ports, deadline) =>
    repair(world.secrets.secretId, ports, deadline);

describe('a rotation that somebody ends while createSecret parks its key', () => {
  // The key arrives at Secrets Manager between any two calls of whoever ends the rotation.
  const moments = Array.from({ length: 40 }, (_, nth) => 20 + nth * 20);

  test.each([
    { who: 'a human who gives it up', ends: abandon },
    { who: 'the repair function', ends: repairIt },
  ])('has one end, and so has what $who begins then', async ({ ends }) => {
    for (const parksAfterMs of moments) {
      const world = aWorld();
      const rotations: Promise<unknown>[] = [];
      world.secrets.onRotate = (next) => rotations.push(drive(world, next));
      world.secrets.begin(token);
      const tripMs = (call: string) => (call === 'secretsmanager:PutSecretValue' ? parksAfterMs : 20);
      rotations.push(drive(world, token, { tripMs }));
      await world.clock.sleep(90);
      await invoke(world.account, ends(world));
      await world.clock.sleep(600_000);
      await Promise.all(rotations);
      await repairedByTheHour(world);
      await repairedByTheHour(world);

      const { startedRotations } = world.secrets;
      const when = `parked after ${parksAfterMs} ms`;
      expect([when, endsOf(world, token).length]).toEqual([when, 1]);
      for (const next of startedRotations) expect([when, endsOf(world, next)]).toEqual([when, ['rotated']]);
      const isNew = startedRotations.length > 0 || endsOf(world, token).includes('rotated');
      expect([when, world.keysInUse()]).toEqual([when, { 'web-1': isNew ? 'new/new' : 'old/old' }]);
      const { pending, current, goingBack, unrecorded } = world.secrets.labels();
      expect([when, pending === current ? undefined : pending, goingBack, unrecorded]).toEqual([when, ...Array(3)]);
    }
  });
});

describe('a rotation that has not minted a key', () => {
  test('is ended by the repair also where nobody can read what is current', async () => {
    const world = aWorld();
    world.secrets.values.clear();
    world.secrets.begin(token);
    await invoke(world.account, repairIt(world));
    expect(endsOf(world, token)).toEqual(['refused']);
    expect(world.secrets.unfinished).toBeUndefined();
  });

  test('and was refused does not go forward when its label stayed and the secret has been mended', async () => {
    const world = aWorld();
    const [[version, value] = ['', world.value]] = [...world.secrets.values];
    world.secrets.values.clear();
    world.secrets.begin(token);
    const diesAtItsLabel = (call: string) =>
      call === 'secretsmanager:UpdateSecretVersionStage AWSPENDING' ? ('before' as const) : undefined;
    await drive(world, token, { dies: diesAtItsLabel });
    world.secrets.values.set(version, value);
    await drive(world);
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['refused']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.unfinished).toBeUndefined();
  });
});

describe('"nothing was changed" is not said', () => {
  /** Silent with its new key, so that it is taken back; nobody can mark that, and the function dies when Zabbix has the old key. */
  async function leftHalfWayBack(isCommandable: boolean): Promise<World> {
    const world = aWorld({ kind: 'passive' });
    const host = world.host('web-1');
    host.canProbe = false;
    host.isHeardOnlyAs('web');
    let given = 0;
    const conduct: Conduct = {
      fate: (call) => (call.includes('ZABBIX_PSK_GOING_BACK') ? 'fails' : 'answered'),
      dies: (call) => {
        if (!call.startsWith('zabbix:host.update') || ++given < 2) return undefined;
        host.reachableByCommands = isCommandable;
        return 'after';
      },
    };
    world.secrets.begin(token);
    await drive(world, token, conduct);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/new' });
    await world.clock.sleep(120_000);
    return world;
  }

  test('of a node that an earlier try left on the new key and that cannot be asked: its key keeps its label', async () => {
    const world = await leftHalfWayBack(false);
    await drive(world, token, {}, 1);
    expect(endsOf(world, token)).toEqual([]);
    expect(world.secrets.unfinished).toBe(token);

    world.host('web-1').reachableByCommands = true;
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['refused']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('of a rotation whose key is in use when somebody spoils what is current', async () => {
    const world = aWorld();
    const [[version, value] = ['', world.value]] = [...world.secrets.values];
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    world.secrets.values.delete(version);
    await drive(world);
    expect(endsOf(world, token)).toEqual([]);
    expect(world.secrets.unfinished).toBe(token);

    world.secrets.values.set(version, value);
    await drive(world);
    expect(endsOf(world, token)).toEqual(['rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });

  test('of one that goes away just after the next try has seen it: it has been taken back by then', async () => {
    const world = await leftHalfWayBack(true);
    const host = world.host('web-1');
    const goesAway = (call: string) => {
      if (call.startsWith('zabbix:host.get users')) host.reachableByCommands = false;
      return undefined;
    };
    await drive(world, token, { dies: goesAway });
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.ends().at(-1)).toMatchObject({ outcome: 'rolled-back' });
  });

  /** A proxy that is down for a moment changes keys by itself, before Zabbix is told; and Zabbix does not take the key. */
  function movedByItself(act: (world: World) => void): World {
    const world = aWorld({ proxies: [{ name: 'edge' }] });
    const edge = world.host('edge');
    world.fleet.onArm = () =>
      world.clock.in(300, () => {
        edge.running = undefined;
      });
    world.account.between = (ports: Ports) => ({
      ...ports,
      monitor: {
        ...ports.monitor,
        async give(hosts, credential) {
          if (credential.identity === 'web') return ports.monitor.give(hosts, credential);
          await ports.clock.sleep(5_000);
          act(world);
          throw new ZabbixRefused('it does not like this key');
        },
      },
    });
    return world;
  }

  test.each([
    {
      how: 'cannot be asked',
      act: (world: World) => {
        world.host('edge').reachableByCommands = false;
      },
    },
    { how: 'can be asked and not be called off', act: (world: World) => void world.fleet.lost.add('restore') },
  ])('of an armed node whose proxy has changed keys by itself, when it $how', async ({ act }) => {
    const world = movedByItself(act);
    world.secrets.begin(token);
    await drive(world, token);
    expect(world.keysInUse()).toEqual({ edge: 'old/new' });
    expect(endsOf(world, token)).not.toContain('refused');
    expect(world.secrets.unfinished).toBe(token);

    world.host('edge').reachableByCommands = true;
    world.fleet.lost.clear();
    await repairedByTheHour(world);
    expect(endsOf(world, token).at(-1)).toBe('refused');
    expect(world.keysInUse()).toEqual({ edge: 'old/old' });
    expect(world.server.hears(world.host('edge'))).toBe(true);
  });
});

describe('whoever is slower at taking a rotation back', () => {
  test('does not try the new key when another has proven the old one and told the end', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    const quicker = invoke(world.account, abandon(world));
    await world.clock.sleep(15_000);
    expect(world.host('web-1').stored.identity).toBe('web');

    const deafFromMs = world.clock.now().ms + 90_000;
    let lost = 3;
    const again: Work<void> = (ports, deadline) =>
      runStep({ step: 'setSecret', secretId: world.secrets.secretId, token }, ports, deadline);
    const slower = invoke(world.account, again, {
      fate: (call) => {
        if (call.startsWith('ssm:SendCommand inspect')) return 'fails';
        const isDeaf = call.startsWith('zabbix:item.get') && world.clock.now().ms > deafFromMs && lost-- > 0;
        return isDeaf ? 'lost' : 'answered';
      },
      dies: (call) => (call.startsWith('zabbix:host.update') ? 'after' : undefined),
    });
    await Promise.all([quicker, slower]);
    expect(endsOf(world, token)).toEqual(['refused']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('leaves Zabbix the old key when too little time is left to try the new one and take it away again', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    world.secrets.begin(token);
    await world.step('createSecret');
    world.secrets.markGoingBack('', token);
    Object.assign(host, { reachableByCommands: false, mute: true });
    await invoke(world.account, (ports) => {
      const short = Deadline.in(450_000, world.clock);
      return runStep({ step: 'setSecret', secretId: world.secrets.secretId, token }, inTime(ports, short), short);
    });
    expect(world.ends()).toMatchObject([{ outcome: 'stranded', because: expect.stringContaining('web-1') }]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('nor while an exchange of keys is cut short on a node that can be asked, whatever is heard of its agent', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    const [node] = world.account.nodes;
    let isKilled = false;
    if (node !== undefined)
      node.isKilledAfter = (effect) => {
        const dies = effect === 'account written' && !isKilled;
        isKilled ||= dies;
        return dies;
      };
    world.secrets.begin(token);
    await drive(world, token);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    // Whoever finishes that exchange starts the agent anew.
    host.startMs = 25_000;
    await invoke(world.account, repairIt(world));
    expect(endsOf(world, token)).not.toContain('rotated');
    host.startMs = 150;
    await repairedByTheHour(world);
    expect(endsOf(world, token).at(-1)).toBe('refused');
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });

  test('finishes what was cut short on its way back before it forgets, and sees the agent up', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.canProbe = false;
    host.isHeardOnlyAs('web');
    const [node] = world.account.nodes;
    let accounts = 0;
    if (node !== undefined)
      node.isKilledAfter = (effect) => {
        if (effect !== 'account written' || ++accounts !== 2) return false;
        host.startMs = 25_000;
        return true;
      };
    world.secrets.begin(token);
    await drive(world, token);
    expect(world.ends()).toMatchObject([{ outcome: 'stranded', because: expect.stringContaining('web-1') }]);
    host.startMs = 150;
    await repairedByTheHour(world);
    expect(endsOf(world, token).at(-1)).toBe('refused');
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.server.hears(host)).toBe(true);
  });

  test('does not take for back, by contact, what was cut short on a node that answers once and then no more', async () => {
    const world = aWorld();
    world.monitor.portIsOpen = true;
    const host = world.host('web-1');
    const [node] = world.account.nodes;
    if (node !== undefined)
      node.isKilledAfter = (effect) => {
        if (effect !== 'key set aside') return false;
        // Whoever finishes that exchange starts the agent anew.
        host.startMs = 25_000;
        return true;
      };
    world.secrets.begin(token);
    let asked = 0;
    await drive(world, token, {
      fate: (call) => {
        const isLost =
          call === 'ssm:SendCommand inspect web-1' ? ++asked !== 2 : call === 'ssm:SendCommand forget web-1';
        return isLost ? 'lost' : 'answered';
      },
    });
    expect(world.ends()).toMatchObject([{ outcome: 'stranded', because: expect.stringContaining('web-1') }]);
    if (node !== undefined) node.isKilledAfter = () => false;
    host.startMs = 150;
    await repairedByTheHour(world);
    expect(endsOf(world, token).at(-1)).toBe('refused');
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect([world.server.hears(host), node?.isClean]).toEqual([true, true]);
  });

  test('finishes what was cut short before its agent had read the new key, though both sides still speak with the old one', async () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.canProbe = false;
    world.monitor.mayExecuteScripts = true;
    const [node] = world.account.nodes;
    const goesAway = (isAway: boolean) => {
      host.reachableByCommands = !isAway;
      host.enabled = !isAway;
    };
    if (node !== undefined)
      node.isKilledAfter = (effect) => {
        if (effect !== 'key in place') return false;
        goesAway(true);
        return true;
      };
    world.secrets.begin(token);
    await drive(world, token);
    expect(world.ends()).toMatchObject([{ outcome: 'stranded' }]);
    if (node !== undefined) node.isKilledAfter = () => false;
    goesAway(false);
    await repairedByTheHour(world);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.unfinished).toBeUndefined();
  });

  test('does not finish it while a node waits for the old key', async () => {
    const world = aWorld({ hosts: ['edge-machine'], proxies: [{ name: 'edge', beside: 'edge-machine' }] });
    world.monitor.portIsOpen = true;
    world.host('edge-machine').canProbe = false;
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    world.secrets.markGoingBack('', token);
    // Its answer is lost: whoever armed it found the node not commandable, and left Zabbix the key that works.
    const [target] = onNodes(world.value.targets);
    if (target === undefined) throw new RangeError('the secret has no target on a node');
    const ids = { secretId: world.secrets.secretId, versionId: token };
    await world.ports.fleet.armRestore(target, ids, 'proxy-log', Deadline.in(900_000, world.clock));

    await invoke(world.account, repairIt(world), {
      fate: (call) => (call === 'ssm:SendCommand inspect edge' ? 'fails' : 'answered'),
    });
    await repairedByTheHour(world);
    const isNew = endsOf(world, token).includes('rotated');
    expect(world.keysInUse()).toEqual(
      isNew ? { edge: 'new/new', 'edge-machine': 'new/new' } : { edge: 'old/old', 'edge-machine': 'old/old' },
    );
    expect([world.server.hears(world.host('edge')), world.secrets.unfinished]).toEqual([true, undefined]);
  });
});

describe('whoever finds a version promoted', () => {
  test('does not tell it as finished when it is being taken back, and whoever promoted it is about to see that', async () => {
    const world = aWorld();
    const first = world.secrets.labelled('AWSCURRENT');
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    const tripMs = (call: string) => (call === 'secretsmanager:UpdateSecretVersionStage AWSCURRENT' ? 1_000 : 20);
    const promoting = invoke(world.account, repairIt(world), { tripMs });
    await world.clock.sleep(1_000);
    world.secrets.markGoingBack('', token);
    while (world.secrets.labelled('AWSCURRENT') === first) await world.clock.sleep(20);
    await expect(world.step('finishSecret')).rejects.toThrow();
    await promoting;
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['refused']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(first);
  });

  test('tells it as finished when it was finished before the decision to go back fell', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    const tripMs = (call: string) => (call.endsWith('ZABBIX_PSK_GOING_BACK') ? 60_000 : 20);
    const tooLate = invoke(world.account, abandon(world), { tripMs });
    await world.step('testSecret');
    await world.step('finishSecret');
    expect(await tooLate).toMatchObject({ ended: 'threw', error: { code: 'STILL_OPEN' } });
    expect(world.secrets.labels().goingBack).toBeUndefined();
    await invoke(world.account, repairIt(world));
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
  });

  test('nor takes it back when the mark of who was too late has stayed', async () => {
    const world = aWorld();
    world.secrets.begin(token);
    for (const step of steps) await world.step(step);
    world.secrets.markGoingBack('', token);
    await invoke(world.account, repairIt(world));
    expect(endsOf(world, token)).toEqual(['rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.secrets.labels()).toMatchObject({ current: token, goingBack: undefined });
  });

  /** The key has moved, the rotation is being taken back, and its node cannot be asked any more. */
  async function markedAndUnasked(): Promise<World> {
    const world = aWorld();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.step('setSecret');
    world.secrets.markGoingBack('', token);
    world.host('web-1').reachableByCommands = false;
    return world;
  }

  test('tells it as finished when it was promoted because its node could not be asked, also when that can be asked again', async () => {
    const world = await markedAndUnasked();
    await world.clock.sleep(3_600_000);
    await invoke(world.account, repairIt(world), {
      dies: (call) => (call.startsWith('s3:PutObject') ? 'after' : undefined),
    });
    expect(endsOf(world, token)).toEqual(['rotated']);
    world.host('web-1').reachableByCommands = true;
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(world.secrets.labels()).toMatchObject({ current: token, goingBack: undefined, unrecorded: undefined });
  });

  test('leaves open for an hour what a node that cannot be asked may still put back', async () => {
    const world = await markedAndUnasked();
    await invoke(world.account, repairIt(world));
    expect(endsOf(world, token)).toEqual(['stranded']);
    expect(world.secrets.labels()).toMatchObject({ pending: token, goingBack: token });
    await repairedByTheHour(world);
    expect(endsOf(world, token)).toEqual(['stranded', 'rotated']);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });
});
