import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../lambda/errors.ts';
import { autoregistration } from '../../../lambda/rotation/model.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import type { Release } from '../../fakes/documented-zabbix.ts';
import { documentedMonitor } from './documented-monitor.ts';

const old = { identity: 'autoreg', key: PskKey.parse('0a'.repeat(32)) };
const fresh = { identity: 'autoreg.k7q2x9', key: PskKey.parse('0b'.repeat(32)) };
const held = { tls_accept: '3', tls_psk_identity: old.identity, tls_psk: old.key.reveal() };

async function a(release: Release, { tlsAccept = '3', isSuperAdmin = true } = {}) {
  const { monitor, ...zabbix } = await documentedMonitor(release, {
    autoregistration: { ...held, tls_accept: tlsAccept },
    isSuperAdmin,
  });
  return { monitor, zabbix };
}

describe.each(['6.0', '6.4', '7.0', '7.2', '7.4'] as const)(
  'autoregistration of Zabbix %s, as documented,',
  (release) => {
    test.each([
      ['1', ['none']],
      ['2', ['psk']],
      ['3', ['none', 'psk']],
    ])('is described by what it takes (%s), and does not tell which key it holds', async (tlsAccept, accept) => {
      const { monitor } = await a(release, { tlsAccept });
      const { host, holds } = await monitor.find(autoregistration, [old, fresh]);
      expect(holds).toBe('untold');
      expect(host).toMatchObject({ kind: 'autoregistration', name: 'autoregistration', accept, witness: undefined });
      expect(await monitor.refresh(host)).toMatchObject({ kind: 'autoregistration', accept });
    });

    test('is given identity and key, and goes on taking what it took', async () => {
      const { monitor, zabbix } = await a(release);
      const { host } = await monitor.find(autoregistration, []);
      await monitor.give([host], fresh);
      expect(zabbix.autoregistration).toEqual({
        tls_accept: '3',
        tls_psk_identity: fresh.identity,
        tls_psk: fresh.key.reveal(),
      });
      expect(zabbix.asked.filter(({ method }) => /^(host|proxy)\.update$/.test(method))).toEqual([]);
    });

    test('is refused to who is no super admin, with the role that helps', async () => {
      const { monitor } = await a(release, { isSuperAdmin: false });
      const asked = monitor.find(autoregistration, []);
      await expect(asked).rejects.toBeInstanceOf(Refusal);
      await expect(asked).rejects.toThrow(/No permissions to call "autoregistration.get".*docs\/zabbix-role-proxies-/);
    });
  },
);
