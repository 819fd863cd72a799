import { expect, test } from 'vitest';
import { ZabbixRefused } from '../../lambda/errors.ts';
import type { Ports } from '../../lambda/rotation/ports.ts';
import { runStep, type steps } from '../../lambda/rotation/rotation.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { aWorld, token, type World } from './world.ts';

/** A proxy and hosts behind it, of which no secret speaks. */
function site(...inside: readonly string[]): World {
  const world = aWorld({ proxies: [{ name: 'edge' }], inside, kind: 'passive' });
  world.monitor.comparesProxyKeys = false;
  return world;
}

/** What the one record tells of the proxy. */
function recorded({ account }: World) {
  const { records, problems } = keptRecords(account.bucket);
  expect(problems).toEqual([]);
  expect(records).toHaveLength(1);
  return records[0]?.targets[0];
}

const proven = (world: World) => world.facts.filter(({ event }) => event === 'target.proven');

/** Done to the world between the exchange of the keys and the proof. */
async function rotateAnd(world: World, befalls: () => void, ports: Ports = world.ports): Promise<number> {
  world.secrets.begin(token);
  const step = (name: (typeof steps)[number]) =>
    runStep({ step: name, secretId: world.secrets.secretId, token }, ports, world.deadline());
  await step('createSecret');
  await step('setSecret');
  befalls();
  const fromMs = world.clock.now().ms;
  await step('testSecret');
  const tookS = (world.clock.now().ms - fromMs) / 1000;
  await step('finishSecret');
  return tookS;
}

test('a value of a host behind it, taken after its switch by its own clock, belongs to a proxy’s proof and record', async () => {
  const world = site('lamp-1');
  await world.rotate();

  const value = { seen: 'value', host: 'lamp-1', item: 'agent.ping', clockOf: 'proxy' };
  expect(proven(world)).toMatchObject([{ target: 'edge', evidence: { contact: { state: 'online' }, through: value } }]);
  const told = recorded(world);
  expect(told?.proof).toMatchObject({
    verdict: 'proven',
    contact: { item: 'lastaccess', state: 'online' },
    through: { host: 'lamp-1', item: 'agent.ping', clockOf: 'proxy', because: null },
  });
  expect(Date.parse(told?.proof.through?.at ?? '')).toBeGreaterThan(Date.parse(told?.switchedAt ?? ''));
});

test('what its agent sends will do, where it polls nothing, and an agent whose clock is wrong is passed over', async () => {
  const world = aWorld({ proxies: [{ name: 'edge' }], inside: ['wrong', 'right'], kind: 'active' });
  // The server's clock is ahead of ours by as much.
  world.host('right').clockAheadMs = 90_000;
  await world.rotate();
  expect(proven(world)).toMatchObject([{ evidence: { through: { seen: 'value', host: 'right', clockOf: 'agent' } } }]);
  expect(recorded(world)?.proof.through).toMatchObject({ host: 'right', clockOf: 'agent' });
});

test('a proxy with no host behind it is proven by its contact, and both say so', async () => {
  const world = site();
  await world.rotate();
  const because = expect.stringMatching(/^no host behind it/);
  expect(proven(world)).toMatchObject([{ evidence: { through: { seen: 'nobody', because } } }]);
  expect(recorded(world)?.proof).toMatchObject({ verdict: 'proven', through: { host: null, at: null, because } });
});

test('a host that was silent before is not waited for, and one that was heard is taken', async () => {
  const world = site('dead', 'lamp-1');
  world.host('dead').mute = true;
  await world.ports.clock.sleep(300_000);
  await world.rotate();
  expect(recorded(world)?.proof.through).toMatchObject({ host: 'lamp-1', because: null });

  const alone = site('dead');
  alone.host('dead').mute = true;
  await alone.ports.clock.sleep(300_000);
  expect(await rotateAnd(alone, () => undefined)).toBeLessThan(15);
  expect(recorded(alone)?.proof).toMatchObject({
    verdict: 'proven',
    through: { host: null, because: expect.stringMatching(/none was heard of within its interval \(dead\)/) },
  });
});

test('a host that falls silent meanwhile is waited for within the time to prove, and no reason to take back a proxy that is heard', async () => {
  const world = site('lamp-1');
  const tookS = await rotateAnd(world, () => {
    world.host('lamp-1').mute = true;
  });
  expect(world.keysInUse()).toEqual({ edge: 'new/new' });
  expect(tookS).toBeGreaterThan(60);
  expect(tookS).toBeLessThan(120);
  expect(proven(world)).toMatchObject([{ evidence: { through: { seen: 'none', host: 'lamp-1' } } }]);
  expect(recorded(world)).toMatchObject({ uses: 'new', proof: { verdict: 'proven' } });
  expect(recorded(world)?.proof.through?.because).not.toBeNull();
});

test('an API user who may not see the hosts is no hindrance', async () => {
  const world = site('lamp-1');
  const hostsBehind = async () => Promise.reject(new ZabbixRefused('No permissions to call "item.get".'));
  await rotateAnd(world, () => undefined, { ...world.ports, monitor: { ...world.ports.monitor, hostsBehind } });
  expect(world.keysInUse()).toEqual({ edge: 'new/new' });
  expect(recorded(world)?.proof).toMatchObject({
    verdict: 'proven',
    through: { host: null, because: 'No permissions to call "item.get".' },
  });
});

test('a last access beside the server’s word that the proxy is offline is no contact', async () => {
  const world = site('lamp-1');
  const { refresh } = world.ports.monitor;
  const offline = { yes: false, error: 'the server takes the proxy for offline' } as const;
  const monitor = {
    ...world.ports.monitor,
    refresh: async (host: Parameters<typeof refresh>[0]) => ({ ...(await refresh(host)), reachable: offline }),
  };
  await expect(rotateAnd(world, () => undefined, { ...world.ports, monitor })).rejects.toThrow(
    /edge is not proven to be on its new key \(refused\).*the server takes the proxy for offline/,
  );
});

test('nobody is asked for hosts behind a target that is no proxy', async () => {
  const world = aWorld();
  const asked: string[] = [];
  const hostsBehind = async () => {
    asked.push('hosts');
    return [];
  };
  await rotateAnd(world, () => undefined, { ...world.ports, monitor: { ...world.ports.monitor, hostsBehind } });
  expect(asked).toEqual([]);
  expect(recorded(world)?.proof).not.toHaveProperty('through');
});
