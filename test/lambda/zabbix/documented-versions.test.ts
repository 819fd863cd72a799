import { afterEach, describe, expect, test } from 'vitest';
import { tryNewerVersions } from '../../../lambda/contract.ts';
import type { MonitoredHost } from '../../../lambda/rotation/model.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { jsonRpc } from '../../../lambda/zabbix/json-rpc.ts';
import { zabbixMonitor } from '../../../lambda/zabbix/monitor.ts';
import { type Access, openSession } from '../../../lambda/zabbix/session.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { documentedZabbix, type Release, token, user } from '../../fakes/documented-zabbix.ts';

const releases: readonly Release[] = ['6.0', '6.4', '7.0', '7.2', '7.4'];
const inBody: readonly Release[] = ['6.0'];

const old = { identity: 'web-1.old', key: PskKey.parse('0a'.repeat(32)) };
const fresh = { identity: 'web-1.new', key: PskKey.parse('0b'.repeat(32)) };

/** On 6.x a host tells its proxy's id, on 7.x who monitors it; each version shows the fields that it has. */
const web1 = {
  hostid: '10700',
  host: 'web-1',
  status: '0',
  tls_connect: '2',
  tls_accept: '2',
  maintenance_status: '0',
  maintenance_type: '0',
  tls_psk_identity: old.identity,
  tls_psk: old.key.reveal(),
};
const onServer = { ...web1, proxy_hostid: '0', monitored_by: '0', proxyid: '0', proxy_groupid: '0' };
const onProxy = { ...web1, proxy_hostid: '10500', monitored_by: '1', proxyid: '3', proxy_groupid: '0' };

const target = { kind: 'host', name: 'web-1', node: 'i-0123456789abcdef0', config: 'auto' } as const;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

interface Choice {
  readonly version?: string;
  readonly host?: typeof onServer;
  readonly access?: Access;
}

async function a(release: Release, { version, host = onServer, access = { token } }: Choice = {}) {
  const { url, asked, stop } = await documentedZabbix(release, {
    hosts: [host],
    ...(version === undefined ? {} : { version }),
  });
  stops.push(stop);
  const open = () =>
    openSession({
      rpc: jsonRpc({ url, caPem: undefined }),
      access: async () => access,
      newerVersions: tryNewerVersions,
      archive: { append: async () => undefined },
    });
  const monitor = zabbixMonitor({ open, clock: new FakeClock(), server: undefined, probeScript: 'PSK probe' });
  return { asked, open, monitor };
}

describe.each(releases)('Zabbix %s, as its manual describes it,', (release) => {
  test('gets the token where it looks, and nowhere else', async () => {
    const { asked, open } = await a(release);
    const session = await open();
    await session.call('host.get', { output: ['hostid'] });

    const there = inBody.includes(release)
      ? { header: undefined, body: token }
      : { header: `Bearer ${token}`, body: undefined };
    expect(asked.at(0)).toMatchObject({ method: 'apiinfo.version', header: undefined, body: undefined });
    for (const call of asked.slice(1)) expect(call).toMatchObject(there);
  });

  test('lets a user in by "username"', async () => {
    const { asked, open } = await a(release, { access: user });
    const session = await open();
    expect(await session.call('host.get', { output: ['hostid'] })).toHaveLength(1);
    expect(asked.at(1)).toMatchObject({ method: 'user.login', params: user, header: undefined, body: undefined });
  });

  test('says no to a wrong token in words that are understood', async () => {
    const { monitor } = await a(release, { access: { token: 'f'.repeat(64) } });
    await expect(monitor.find(target, [])).rejects.toThrow(/does not accept the API token/);
  });

  test('tells which host is behind a proxy', async () => {
    expect((await (await a(release)).monitor.find(target, [])).host.behindProxy).toBe(false);
    expect((await (await a(release, { host: onProxy })).monitor.find(target, [])).host.behindProxy).toBe(
      release.startsWith('6') ? 'slow' : 'prompt',
    );
  });

  test('tells who uses an identity', async () => {
    const { monitor } = await a(release);
    expect(await monitor.usersOf([old.identity, fresh.identity])).toEqual([{ kind: 'host', name: 'web-1' }]);
    expect(await monitor.usersOf([fresh.identity])).toEqual([]);
  });

  test('tells which key it holds, before and after it was given another', async () => {
    const { monitor } = await a(release);
    const { host, holds } = await monitor.find(target, [fresh, old]);
    expect(holds).toBe(old);

    await monitor.give([host], fresh);
    expect((await monitor.find(target, [fresh, old])).holds).toBe(fresh);
  });
});

const host: MonitoredHost = {
  kind: 'host',
  hostId: web1.hostid,
  name: 'web-1',
  enabled: true,
  connect: 'psk',
  accept: ['psk'],
  reachable: undefined,
  behindProxy: false,
  silenced: false,
  seen: { serverS: 0 },
  witness: undefined,
};

test.each([
  { release: '6.0', access: 'token', gates: [] },
  { release: '6.4', access: 'token', gates: [] },
  { release: '6.0', access: 'user', gates: ['script-execute'] },
  { release: '6.4', access: 'user', gates: ['script-execute'] },
  // It would hold one of the server's trappers for a minute wherever the keys differ.
  { release: '7.0', access: 'user', gates: [] },
  { release: '7.2', access: 'user', gates: [] },
  { release: '7.4', access: 'user', gates: [] },
] as const)('the probe script runs on $release for a $access: $gates', async ({ release, access, gates }) => {
  const { asked, monitor } = await a(release, access === 'user' ? { access: user } : {});
  expect(await monitor.gates(host)).toEqual(gates);
  // A call that is known to fail is not made: on 6.0 it ends in a PHP error of the frontend.
  expect(asked.some(({ method }) => method === 'script.execute')).toBe(gates.length > 0);
});

test.each([
  { release: '6.4', done: false },
  { release: '7.2', done: false },
  { release: '7.4', done: true },
] as const)('a check now by an Admin on $release: done is $done', async ({ release, done }) => {
  const { asked, monitor } = await a(release);
  const witness = {
    kind: 'value',
    itemId: '44518',
    key: 'agent.ping',
    clockOf: 'server',
    everyS: 60,
    lastS: 0,
  } as const;
  expect(await monitor.checkNow(witness)).toBe(done);
  expect(await monitor.checkNow(witness)).toBe(done);
  // Whoever was told no is not asked again.
  expect(asked.filter(({ method }) => method === 'task.create')).toHaveLength(done ? 2 : 1);
});

test('8.0, asked for, is spoken to like 7.4', async () => {
  const { asked, monitor } = await a('7.4', { version: '8.0.2' });
  expect(await monitor.version()).toBe('8.0.2');
  expect((await monitor.find(target, [old])).holds).toBe(old);
  expect(asked.filter(({ body }) => body !== undefined)).toEqual([]);
});

test('a newer one that does not tell who monitors a host is not taken for the server', async () => {
  const { monitor } = await a('6.4', { version: '8.0.2' });
  await expect(monitor.find(target, [])).rejects.toThrow(
    'Zabbix answered host.get without monitored_by, so it is not known who monitors web-1',
  );
});
