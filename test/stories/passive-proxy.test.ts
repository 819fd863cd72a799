import { describe, expect, test } from 'vitest';
import { StillWaiting, Stranded } from '../../lambda/errors.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import type { Credential } from '../../lambda/rotation/model.ts';
import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { repairWaiting } from '../../lambda/rotation/repair-waiting.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { aWorld, token, type World, type WorldOptions } from './world.ts';

/** A host whose proxy is sent its configuration once in an hour, and can be told by nobody to fetch it. */
const behind = (options: WorldOptions = {}): World => aWorld({ behindPassiveProxy: true, ...options });

const minuteMs = 60_000;
const lookEveryMs = 5 * minuteMs;
const deadline = (world: World) => Deadline.in(900_000, world.clock);
const look = (world: World) => repairWaiting(world.ports, deadline(world));

/** The repair function's looks for so long; those that failed are told. */
async function waits(world: World, minutes: number): Promise<unknown[]> {
  const failures: unknown[] = [];
  const untilMs = world.clock.now().ms + minutes * minuteMs;
  while (world.clock.now().ms < untilMs) {
    await world.clock.sleep(lookEveryMs);
    await look(world).catch((error: unknown) => failures.push(error));
  }
  return failures;
}

const sent = (world: World, wanted: string) => world.fleet.commands.filter(({ verb }) => verb === wanted);
const named = (world: World, event: string) => world.facts.filter((fact) => fact.event === event);
const labels = ({ secrets }: World) => secrets.labels();

function isBack(world: World): void {
  expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  expect(labels(world)).toMatchObject({ pending: undefined, goingBack: undefined, unrecorded: undefined, waiting: [] });
  expect(world.fleet.isClean('web-1')).toBe(true);
  expect(world.ends().at(-1)).toMatchObject({ outcome: 'rolled-back', token });
}

function isRotated(world: World): void {
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  expect(labels(world)).toMatchObject({ current: token, goingBack: undefined, unrecorded: undefined, waiting: [] });
  expect(world.fleet.isClean('web-1')).toBe(true);
  // Whoever comes at the same moment tells the same end; it is recorded once.
  expect(new Set(world.ends().map(({ outcome }) => outcome))).toEqual(new Set(['rotated']));
  expect(keptRecords(world.account.bucket)).toMatchObject({
    problems: [],
    records: [{ outcome: 'rotated', waitedUntil: expect.any(String) }],
  });
}

describe('a host behind a passive proxy of 6.0', () => {
  test('waits without a failure, and ends on the new key when its proxy has been sent it', async () => {
    const world = behind();
    const fromMs = world.clock.now().ms;
    await world.rotate();
    expect(world.clock.now().ms - fromMs).toBeLessThan(2 * minuteMs);

    expect(world.keysInUse()).toEqual({ 'web-1': 'new/old' });
    expect(labels(world)).toMatchObject({ pending: token, waiting: [{ versionId: token, way: 'forward' }] });
    expect(world.ends()).toEqual([]);
    expect(named(world, 'rotation.waiting')).toMatchObject([
      {
        way: 'forward',
        for: ['proxy "far"'],
        targets: ['web-1'],
        until: expect.stringMatching(/^2026-01-01 01:01:\d\d UTC$/),
      },
    ]);

    expect(await waits(world, 70)).toEqual([]);
    isRotated(world);
    expect(sent(world, 'switch')).toHaveLength(1);
    expect(sent(world, 'switch')[0]?.values).toMatchObject({ serverWaitS: '4560', probeEveryS: '5' });
    expect(world.ends()).toMatchObject([{ targets: [{ gate: 'shadow-agent', proofs: { behindProxy: true } }] }]);
    expect(await look(world)).toEqual(['no rotation waits']);
  });

  test.each(['passive', 'active'] as const)('does so when its agent is %s', async (kind) => {
    const world = behind({ kind });
    await world.rotate();
    expect(await waits(world, 70)).toEqual([]);
    isRotated(world);
  });

  test('is finished by Secrets Manager where that comes again, as often as it likes', async () => {
    const world = behind();
    await world.rotate();
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(step);
    expect(labels(world).pending).toBe(token);
    await world.clock.sleep(62 * minuteMs);
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(step);
    isRotated(world);
    expect(sent(world, 'switch')).toHaveLength(1);
  });

  test('is let alone by a repair that is told of a failure, and by the one that comes every hour', async () => {
    const world = behind();
    world.server.reachesProxies = false;
    await world.rotate();
    const repaired = () => repair(world.secrets.secretId, world.ports, deadline(world), world.clock.now());
    expect(await repaired()).toMatch(/waits until 2026-01-01 01:01:\d\d UTC for a passive proxy .*nothing was touched/);
    await world.clock.sleep(60 * minuteMs + 30_000);
    expect(await repairAll(world.ports, deadline(world))).toEqual([expect.stringMatching(/waits until/)]);
    expect(labels(world).goingBack).toBeUndefined();
    world.server.fetchedBy('far');
    expect(await waits(world, 10)).toEqual([]);
    isRotated(world);
  });

  test('is finished once by a repair beside a retry of Secrets Manager', async () => {
    const world = behind();
    await world.rotate();
    await world.clock.sleep(62 * minuteMs);
    await Promise.allSettled([look(world), world.step('finishSecret'), look(world)]);
    await waits(world, 10);
    isRotated(world);
  });

  test('whose function died before it had written down that it waits goes on with the next try', async () => {
    const world = behind();
    world.secrets.begin(token);
    await world.step('createSecret');
    Object.assign(world.ports.secrets, { markWaiting: () => new Promise(() => undefined) });
    void world.step('setSecret').catch(() => undefined);
    await world.clock.sleep(10 * minuteMs);
    Object.assign(world.ports, { secrets: world.account.portsOf(world.account.invocation()).secrets });
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(step);
    expect(sent(world, 'switch')).toHaveLength(1);
    expect(await waits(world, 70)).toEqual([]);
    isRotated(world);
  });

  test('whose proxy is never sent the key is back on the old one when the time is over, and somebody is told', async () => {
    const world = behind();
    world.server.reachesProxies = false;
    await world.rotate();
    const failures = await waits(world, 70);
    expect(failures).toMatchObject([{ code: 'ROTATION_ROLLED_BACK' }]);
    expect(String(failures[0])).toMatch(
      /the proxy that monitors web-1 had not taken up its key by 2026-01-01 01:01:\d\d UTC.*web-1 is proven to be on the old key again/,
    );
    isBack(world);
  });

  test('whose node reboots while it waits is back on the old key minutes later', async () => {
    const world = behind();
    await world.rotate();
    await world.clock.sleep(12 * minuteMs);
    world.account.nodes[0]?.reboot(30_000);
    const failures = await waits(world, 10);
    expect(failures).toMatchObject([{ code: 'ROTATION_ROLLED_BACK' }]);
    expect(String(failures[0])).toMatch(/web-1 is not waited for any more: its node i-\w+ does not wait for the proxy/);
    isBack(world);
    expect(await waits(world, 120)).toEqual([]);
    isBack(world);
  });

  test('whose exchange of keys is cut short goes back, and is finished there', async () => {
    const world = behind();
    const [node] = world.account.nodes;
    await world.rotate();
    let kills = 1;
    if (node !== undefined) node.isKilledAfter = (effect) => effect === 'agent stopped' && kills-- > 0;
    const failures = await waits(world, 140);
    expect(failures.map(String).join('\n')).toMatch(
      /web-1 is not waited for any more: an exchange of keys on i-\w+ \(web-1\) has not ended/,
    );
    isBack(world);
  });

  test('whose node cannot be asked is waited for, also when the time is over', async () => {
    const world = behind();
    await world.rotate();
    world.host('web-1').reachableByCommands = false;
    const failures = await waits(world, 62);
    expect(failures.length).toBeGreaterThan(0);
    for (const one of failures) expect(one).toBeInstanceOf(Stranded);
    expect(keptRecords(world.account.bucket).records).toMatchObject([{ outcome: 'stranded' }]);
    expect(labels(world)).toMatchObject({ pending: token, goingBack: undefined });

    world.host('web-1').reachableByCommands = true;
    expect(await waits(world, 10)).toEqual([]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
    expect(labels(world)).toMatchObject({ current: token, waiting: [] });
    expect(world.ends().at(-1)).toMatchObject({ outcome: 'rotated' });
  });

  test('whose key somebody changes in Zabbix meanwhile is called off', async () => {
    const world = behind();
    await world.rotate();
    world.server.stores(world.host('web-1'), world.value);
    const failures = await waits(world, 10);
    expect(String(failures[0])).toMatch(/web-1 is not waited for any more: Zabbix does not hold its new key/);
    isBack(world);
  });
});

const onlyOld = (credential: Credential) => (credential.identity === 'web' ? credential : undefined);

describe('the way back of a host behind a passive proxy of 6.0', () => {
  test('waits as long when its agent does not start with the new key; somebody is told once', async () => {
    const world = behind();
    world.host('web-1').startsWith = onlyOld;
    await world.rotate();
    const [failure, ...others] = await waits(world, 70);
    expect(failure).toBeInstanceOf(StillWaiting);
    expect(String(failure)).toMatch(
      /its agent did not start with the new key; web-1 waits until 2026-01-01 02:\d\d:\d\d UTC for a passive proxy to be sent its configuration with the old key, and goes back then by itself/,
    );
    expect(others).toEqual([]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(labels(world)).toMatchObject({ pending: token, goingBack: token });
    expect(named(world, 'rotation.waiting')).toMatchObject([{ way: 'forward' }, { way: 'back' }]);

    expect(await waits(world, 70)).toEqual([]);
    isBack(world);
  });

  test('waits as long when its agent falls silent with the new key, armed with the old one', async () => {
    const world = behind();
    const host = world.host('web-1');
    host.isHeardOnlyAs('web');
    await world.rotate();
    const [failure, ...others] = await waits(world, 70);
    expect(failure).toBeInstanceOf(StillWaiting);
    expect(others).toEqual([]);
    expect(sent(world, 'restore')).toHaveLength(1);
    expect(sent(world, 'restore')[0]?.values).toMatchObject({ serverWaitS: '4560', probeEveryS: '5' });

    expect(await waits(world, 70)).toEqual([]);
    isBack(world);
  });

  test('is told as stranded when the proxy is never sent the old key, and ends when it is', async () => {
    const world = behind();
    const host = world.host('web-1');
    host.isHeardOnlyAs('web');
    await world.rotate();
    await waits(world, 65);
    world.server.reachesProxies = false;
    const failures = await waits(world, 90);
    expect(failures.at(-1)).toMatchObject({ code: 'STRANDED' });
    expect(keptRecords(world.account.bucket).records).toMatchObject([{ outcome: 'stranded' }]);

    world.server.reachesProxies = true;
    world.server.stores(host, world.value);
    await world.clock.sleep(70 * minuteMs);
    await repairAll(world.ports, deadline(world));
    isBack(world);
  });

  test('is short when a human gives the rotation up while it waits, and the next one begins at once', async () => {
    const world = behind();
    await world.rotate();
    await world.clock.sleep(20 * minuteMs);
    const { secretName } = world.secrets;
    await expect(world.request({ rotate: secretName })).rejects.toThrow(
      /has an unfinished rotation \(version token-\S+\), which waits until 2026-01-01 01:01:\d\d UTC for a passive proxy/,
    );
    const { says } = await world.request({ rotate: secretName, abandon: token });
    expect(says.join('\n')).toMatch(
      /web-1 is proven to be on the old key again.*\nThe rotation of zabbix-psk\/fake has started/,
    );
    expect(world.ends()).toMatchObject([{ outcome: 'rolled-back', token }]);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(labels(world).waiting).toEqual([]);

    const [next = ''] = world.secrets.startedRotations;
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const)
      await world.step(step, next);
    expect(await waits(world, 70)).toEqual([]);
    expect(labels(world).current).toBe(next);
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  });
});

test('hosts that need no waiting go first, and back with those that fail', async () => {
  const world = behind({ hosts: ['web-1', 'web-2'] });
  Object.assign(world.host('web-2'), { behindProxy: false });
  world.server.reachesProxies = false;
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/old', 'web-2': 'new/new' });
  expect(await waits(world, 70)).toMatchObject([{ code: 'ROTATION_ROLLED_BACK' }]);
  expect(world.keysInUse()).toEqual({ 'web-1': 'old/old', 'web-2': 'old/old' });
});

test('a host that has changed keys and falls silent while another waits is not left so for an hour', async () => {
  const world = behind({ hosts: ['web-1', 'web-2'], kind: 'passive' });
  const host = world.host('web-2');
  Object.assign(host, { behindProxy: false });
  host.isHeardOnlyAs('web');
  const fromMs = world.clock.now().ms;
  await expect(world.rotate()).rejects.toThrow(/web-2 is not proven to be on its new key/);
  expect(world.clock.now().ms - fromMs).toBeLessThan(6 * minuteMs);
  expect(world.keysInUse()).toEqual({ 'web-1': 'old/old', 'web-2': 'old/old' });
  await waits(world, 70);
  expect(world.ends().at(-1)).toMatchObject({ outcome: 'rolled-back' });
  expect(labels(world)).toMatchObject({ pending: undefined, goingBack: undefined });
});

test('several of one secret wait side by side', async () => {
  const world = behind({ hosts: ['web-1', 'web-2'], identityMode: 'fixed' });
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/old', 'web-2': 'new/old' });
  expect(await waits(world, 70)).toEqual([]);
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'new/new' });
});

test('a proxy that is sent its configuration within a step is waited for in that step', async () => {
  const world = behind();
  world.account.patience = { ...world.account.patience, proxyMs: 90_000 };
  Object.assign(world.ports, { patience: world.account.patience });
  const host = world.host('web-1');
  world.fleet.onArm = () => world.clock.in(30_000, () => world.server.fetchedBy('far'));
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  expect(host.running?.identity).not.toBe('web');
  expect(named(world, 'rotation.waiting')).toEqual([]);
});

test('inspect tells what is waited for, and before that what would be', async () => {
  const world = behind();
  expect((await world.inspect()).says.join('\n')).toMatch(
    /Its keys reach it by way of proxy "far", up to 3660 s after Zabbix has them: a rotation waits for that by itself/,
  );
  await world.rotate();
  expect((await world.inspect()).says.join('\n')).toMatch(
    /A rotation is unfinished.*\nIt waits until 2026-01-01 01:01:\d\d UTC for a passive proxy to be sent its configuration with the new key; the repair function looks/,
  );
});

test('a host that shares its node and key with a proxy that changes at once is refused', async () => {
  const world = behind({ hosts: ['web-1'], proxies: [{ name: 'edge', beside: 'web-1' }] });
  await expect(world.rotate()).rejects.toThrow(
    /host "web-1" is monitored by proxy "far".*give each a key file and a secret of its own/,
  );
  expect(labels(world).pending).toBeUndefined();
});

test('rotations that need no waiting ask nobody whether they do', async () => {
  const [plain, told] = [aWorld(), behind()];
  Object.assign(told.host('web-1'), { behindProxy: false });
  await plain.rotate();
  await told.rotate();
  expect(told.monitor.calls).toBe(plain.monitor.calls);
  expect(keptRecords(told.account.bucket).records).toHaveLength(1);
  expect(keptRecords(told.account.bucket).records[0]).not.toHaveProperty('waitedUntil');
  expect(sent(told, 'switch')[0]?.values).not.toHaveProperty('probeEveryS');
});
