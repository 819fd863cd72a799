import { describe, expect, test } from 'vitest';
import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { driveRotation } from '../fakes/drive-rotation.ts';
import type { Conduct } from '../fakes/invocation.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { invoke } from '../fakes/lambda.ts';
import { problems } from './crash/scenario.ts';
import { aWorld, token, type World } from './world.ts';

// Which calls there are is learnt by making them: a new one meets the same faults without a word here.

/** Ways that a rotation goes, each with the outside calls that it makes. */
const ways = {
  'goes forward': () => aWorld(),
  'goes forward, by a script of Zabbix': () => {
    const world = aWorld({ kind: 'passive' });
    world.host('web-1').canProbe = false;
    world.monitor.mayExecuteScripts = true;
    return world;
  },
  'is rolled back': () => {
    const world = aWorld();
    const host = world.host('web-1');
    host.startsWith = (credential) => (credential.identity === 'web' ? credential : undefined);
    return world;
  },
  'has been cut short, and is repaired': () => aWorld(),
} as const satisfies Record<string, () => World>;
type Way = keyof typeof ways;
const allWays = [
  'goes forward',
  'goes forward, by a script of Zabbix',
  'is rolled back',
  'has been cut short, and is repaired',
] as const satisfies readonly Way[];

/** Longer than any retry of the SDK, of ours or of Secrets Manager lasts. Milliseconds. */
const longMs = 600_000;

const faults = {
  'is throttled once': (_world, name) => once(name, 'fails'),
  'answers 500 for as long as anybody asks again': (world, name) => {
    let fromMs: number | undefined;
    return (call) => {
      if (call !== name) return 'answered';
      const nowMs = world.clock.now().ms;
      fromMs ??= nowMs;
      return nowMs - fromMs < longMs ? 'fails' : 'answered';
    };
  },
  'is done, and its answer is lost': (_world, name) => once(name, 'lost'),
} as const satisfies Record<string, (world: World, name: string) => NonNullable<Conduct['fate']>>;

/** Of a rotation that goes forward when nothing is in its way. A command that may have been lost is not sent again: nothing was changed. */
const onceOutcome = (name: string) => (/of the access$| (prepare|switch) /.test(name) ? 'refused' : 'rotated');
const outcomes = {
  'is throttled once': onceOutcome,
  'answers 500 for as long as anybody asks again': (name: string) => {
    if (
      /^s3:|of the fingerprints$|^ssm:DescribeDocument|UpdateSecretVersionStage|ListSecrets| inspect | forget /.test(
        name,
      )
    )
      return 'rotated';
    return /host\.update|task\.create/.test(name) ? 'rolled-back' : 'refused';
  },
  'is done, and its answer is lost': onceOutcome,
} as const satisfies Record<keyof typeof faults, (name: string) => string>;

function once(name: string, how: 'fails' | 'lost'): NonNullable<Conduct['fate']> {
  let left = 1;
  return (call) => (call === name && left-- > 0 ? how : 'answered');
}

/** Secrets Manager's two retries, the repair when they were in vain, and the hourly one until nothing is left to do. */
async function play(way: Way, world: World, fate: NonNullable<Conduct['fate']>): Promise<void> {
  let alive = 1;
  const cutShort: Conduct['dies'] = (call) =>
    way === 'has been cut short, and is repaired' && call.endsWith('AWSCURRENT') && alive-- > 0 ? 'before' : undefined;
  const conduct = { fate, dies: cutShort };
  world.secrets.begin(token);
  const times = way === 'has been cut short, and is repaired' ? 0 : 2;
  const { succeeded } = await driveRotation(world.account, world.secrets, token, { times, afterMs: 60_000 }, conduct);
  if (!succeeded)
    await invoke(world.account, (ports, deadline) => repair(world.secrets.secretId, ports, deadline), conduct);
  for (let rounds = 0; rounds < 2; rounds += 1) {
    await world.clock.sleep(3_700_000);
    await invoke(world.account, (ports, deadline) => repairAll(ports, deadline), conduct);
  }
}

async function callsOf(way: Way): Promise<readonly string[]> {
  const names = new Set<string>();
  await play(way, ways[way](), (call) => {
    names.add(call);
    return 'answered';
  });
  // The new identity is another one in each world.
  return [...names].filter((name) => !name.startsWith('probe '));
}

const called = new Map(await Promise.all(allWays.map(async (way) => [way, await callsOf(way)] as const)));

describe.each(allWays)('a rotation that %s', (way) => {
  describe.each(Object.keys(faults).filter((name): name is keyof typeof faults => name in faults))(
    'when a call %s',
    (fault) => {
      test.each(called.get(way) ?? [])(
        '%s: it ends, recorded once, with one key on both sides and nothing left that is not told',
        async (name) => {
          const world = ways[way]();
          let met = 0;
          const fate = faults[fault](world, name);
          await play(way, world, (call) => {
            const how = fate(call);
            if (how !== 'answered') met += 1;
            return how;
          });

          expect(met).toBeGreaterThan(0);
          expect(problems(world, [])).toEqual([]);
          const isNew = world.secrets.labelled('AWSCURRENT') === token;
          expect(world.keysInUse()).toEqual({ 'web-1': isNew ? 'new/new' : 'old/old' });
          expect(String(world.ends().at(-1)?.outcome)).toMatch(isNew ? /^rotated$/ : /^(refused|rolled-back)$/);
          if (way === 'goes forward') expect(world.ends().at(-1)?.outcome).toBe(outcomes[fault](name));
          const kept = keptRecords(world.account.bucket).records.filter(({ versionId }) => versionId === token);
          expect(kept).toHaveLength(1);
        },
      );
    },
  );
});
