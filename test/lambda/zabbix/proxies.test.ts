import { describe, expect, test } from 'vitest';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import type { Release } from '../../fakes/documented-zabbix.ts';
import { documentedMonitor } from './documented-monitor.ts';

const old = { identity: 'psk_remote', key: PskKey.parse('0a'.repeat(32)) };
const fresh = { identity: 'psk_remote.k7q2x9', key: PskKey.parse('0b'.repeat(32)) };
const target = { kind: 'proxy', name: 'edge', node: 'mi-0123456789abcdef0', config: 'auto' } as const;

/** Each version shows the fields that it has. */
const active = {
  proxyid: '10500',
  host: 'edge',
  name: 'edge',
  status: '5',
  operating_mode: '0',
  tls_connect: '1',
  tls_accept: '2',
  lastaccess: '1795392000',
  state: '2',
  description: 'The proxy of the remote site.\r\nRing Jane first.',
  tls_psk_identity: old.identity,
  tls_psk: old.key.reveal(),
};
const passive = { ...active, status: '6', operating_mode: '1', tls_connect: '2', tls_accept: '1' };

async function a(release: Release, proxy: typeof active = active) {
  const { asked, proxies, monitor } = await documentedMonitor(release, { proxies: [proxy] });
  return { asked, description: () => proxies[0]?.description, monitor };
}

describe.each(['6.0', '6.4', '7.0', '7.2', '7.4'] as const)(
  'a proxy of Zabbix %s, as its manual describes it,',
  (release) => {
    test('is described by the setting that counts in its mode, and by its last access', async () => {
      const { host } = await (await a(release)).monitor.find(target, []);
      expect(host).toMatchObject({
        kind: 'proxy',
        hostId: '10500',
        name: 'edge',
        connect: 'none',
        accept: ['psk'],
        witness: { kind: 'access', clockOf: 'server', lastS: 1795392000 },
      });
      const { host: asked } = await (await a(release, passive)).monitor.find(target, []);
      expect(asked).toMatchObject({ connect: 'psk', accept: [] });
    });

    test('holds the key that it was given, and keeps what the operator wrote about it', async () => {
      const { monitor, description } = await a(release);
      const { host, holds } = await monitor.find(target, [fresh, old]);
      // From 7.0 on nobody can say which key it was before we gave one.
      expect(holds).toBe(release === '6.0' ? old : 'untold');

      await monitor.give([host], fresh);
      expect((await monitor.find(target, [old, fresh])).holds).toBe(fresh);
      await monitor.give([host], old);
      expect((await monitor.find(target, [old, fresh])).holds).toBe(old);
      expect((await monitor.find(target, [fresh])).holds).toBeUndefined();
      expect(description()).toBe(
        `The proxy of the remote site.\r\nRing Jane first.\nPSK identity psk_remote, key ${old.key.fingerprint} (zabbix-psk-rotation)`,
      );
    });

    test('tells when it was last in contact, for which it cannot be asked earlier', async () => {
      const { monitor, asked } = await a(release);
      const { host } = await monitor.find(target, []);
      if (host.witness === undefined) throw new RangeError('a proxy has a witness');
      expect(await monitor.lastValueS(host.witness)).toBe(1795392000);
      expect(await monitor.checkNow(host.witness)).toBe(false);
      expect(asked.some(({ method }) => method === 'task.create')).toBe(false);
    });

    test('tells from 7.0 on whether the server takes it for online; that it is not known yet is no word against it', async () => {
      const reachable = async (state: string) =>
        (await (await a(release, { ...active, state })).monitor.find(target, [])).host.reachable;
      const tells = release.startsWith('7');
      expect(await reachable('2')).toEqual(tells ? { yes: true } : undefined);
      expect(await reachable('1')).toEqual(
        tells ? { yes: false, error: 'the server takes the proxy for offline' } : undefined,
      );
      expect(await reachable('0')).toBeUndefined();
    });

    test('that is called otherwise is not taken for it', async () => {
      const { monitor } = await a(release);
      await expect(monitor.find({ ...target, name: 'Edge' }, [old])).rejects.toThrow(/shows no proxy "Edge"/);
    });
  },
);

test('6.0 tells which proxies use an identity; later versions do not, and are not asked', async () => {
  expect(await (await a('6.0')).monitor.usersOf([old.identity])).toEqual([{ kind: 'proxy', name: 'edge' }]);
  const { monitor, asked } = await a('7.0');
  expect(await monitor.usersOf([old.identity])).toEqual([]);
  expect(asked.map(({ method }) => method)).not.toContain('proxy.get');
});

test('proxies are given the key before hosts: who sees the server take a host’s has the proxy’s too', async () => {
  const { monitor, asked } = await a('7.0');
  const { host } = await monitor.find(target, []);
  await expect(monitor.give([{ ...host, kind: 'host' }, host], fresh)).rejects.toThrow();
  expect(asked.map(({ method }) => method).filter((method) => method.endsWith('.update'))).toEqual([
    'proxy.update',
    'host.update',
  ]);
});
