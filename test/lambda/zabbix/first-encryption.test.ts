import { describe, expect, test } from 'vitest';
import type { Door } from '../../../lambda/contract.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import type { Release } from '../../fakes/documented-zabbix.ts';
import { documentedMonitor } from './documented-monitor.ts';

const key = PskKey.parse('0b'.repeat(32));
const identity = 'web-1.k7q2x9';
const psk = { tls_psk_identity: identity, tls_psk: key.reveal() };
const unencrypted = (takes: Door) => ({ takes });
const first = (takes: Door) => ({ identity, key, takes });

const host = {
  ...{ hostid: '10700', host: 'web-1', status: '0', tls_connect: '1', tls_accept: '1' },
  ...{ maintenance_status: '0', maintenance_type: '0', tls_psk_identity: '', tls_psk: '' },
  ...{ proxy_hostid: '0', monitored_by: '0', proxyid: '0', proxy_groupid: '0' },
};
const proxy = {
  ...{ proxyid: '10500', host: 'edge', name: 'edge', lastaccess: '1795392000', tls_connect: '1', tls_accept: '1' },
  ...{ status: '5', operating_mode: '0', description: 'Ring Jane first.', tls_psk_identity: '', tls_psk: '' },
};
const hostTarget = { kind: 'host', name: 'web-1', node: 'i-0123456789abcdef0', config: 'auto' } as const;
const proxyTarget = { kind: 'proxy', name: 'edge', node: 'mi-0123456789abcdef0', config: 'auto' } as const;

const item = {
  ...{
    itemid: '1',
    key_: 'agent.ping',
    delay: '5s',
    state: '0',
    history: '7d',
    preprocessing: [],
    lastclock: '1795392000',
  },
};
const polled = { ...item, type: '0' };
const sent = { ...item, type: '7' };

const a = (release: Release, proxies = [proxy], items: readonly object[] = []) =>
  documentedMonitor(release, { hosts: [host], proxies, items });

describe.each(['6.0', '7.0'] as const)('on %s', (release) => {
  test.each([
    ['only-psk', '2'],
    ['unencrypted-too', '3'],
  ] as const)('a host goes from unencrypted to %s in one update, and back', async (takes, accept) => {
    const { monitor, hosts, asked } = await a(release);
    const [before, after] = [unencrypted(takes), first(takes)];
    const found = await monitor.find(hostTarget, [before, after]);
    expect(found.holds).toBe(before);
    expect(found.host).toMatchObject({ connect: 'none', accept: ['none'] });

    await monitor.give([found.host], after);
    expect(hosts[0]).toMatchObject({ ...psk, tls_connect: '2', tls_accept: accept });
    expect((await monitor.find(hostTarget, [before, after])).holds).toBe(after);

    await monitor.give([found.host], before);
    expect(hosts[0]).toMatchObject({ tls_connect: '1', tls_accept: '1', tls_psk_identity: '', tls_psk: '' });
    expect((await monitor.find(hostTarget, [before, after])).holds).toBe(before);
    expect(asked.filter(({ method }) => method === 'host.update')).toHaveLength(2);
  });

  test.each([
    { takes: 'only-psk', items: [polled], clockOf: 'server' },
    { takes: 'only-psk', items: [sent], clockOf: 'agent' },
    { takes: 'unencrypted-too', items: [polled, sent], clockOf: 'server' },
    // It could come unencrypted all the same.
    { takes: 'unencrypted-too', items: [sent], clockOf: undefined },
  ] as const)('its witness is one that will come over its first key: with $takes one of $clockOf', async (row) => {
    const { monitor } = await a(release, [proxy], row.items);
    const { host: found } = await monitor.find(hostTarget, [unencrypted(row.takes)]);
    expect(found.witness?.clockOf).toBe(row.clockOf);
    // Of one that nobody asks about, nothing comes over a key.
    expect((await monitor.find(hostTarget, [])).host.witness).toBeUndefined();
  });

  test('the next key changes nothing but identity and key', async () => {
    const { monitor, asked } = await a(release);
    const { host: found } = await monitor.find(hostTarget, []);
    await monitor.give([found], { identity, key });
    expect(asked.at(-1)?.params).toEqual([{ hostid: '10700', ...psk }]);
  });

  test('an active proxy is told what it takes, a passive one how it is asked, and its description is as it was in the end', async () => {
    for (const [mode, changed] of [
      [{}, { tls_accept: '2' }],
      [{ status: '6', operating_mode: '1' }, { tls_connect: '2' }],
    ] as const) {
      const { monitor, proxies, asked } = await a(release, [{ ...proxy, ...mode }]);
      const [before, after] = [unencrypted('only-psk'), first('only-psk')];
      const { host: found, holds } = await monitor.find(proxyTarget, [before, after]);
      expect(holds).toBe(before);
      await monitor.give([found], after);
      expect(proxies[0]).toMatchObject({ ...psk, tls_connect: '1', tls_accept: '1', ...changed });
      expect((await monitor.find(proxyTarget, [before, after])).holds).toBe(after);
      await monitor.give([found], before);
      expect(proxies[0]).toMatchObject(proxy.description === '' ? {} : { description: proxy.description });
      expect((await monitor.find(proxyTarget, [before, after])).holds).toBe(before);
      // Each mode has one setting of its own; the other one may not even be sent with another value.
      const updates = asked
        .filter(({ method }) => method === 'proxy.update')
        .map(({ params }) => JSON.stringify(params));
      const [other] = ['tls_connect', 'tls_accept'].filter((field) => !(field in changed));
      expect(updates.join()).not.toContain(other);
    }
  });

  describe('from certificates', () => {
    const named = { issuer: 'CN=Peers,O=Example', subject: 'CN=web-1,O=Example' };
    const fields = { tls_issuer: named.issuer, tls_subject: named.subject };
    const before = { takes: 'only-psk', certificate: named } as const;
    const after = { ...first('only-psk'), before: 'certificate' } as const;

    test('a host goes to its first key in one update, and back to whose certificate it took', async () => {
      const certified = { ...host, tls_connect: '4', tls_accept: '4', ...fields };
      const { monitor, hosts, asked } = await documentedMonitor(release, { hosts: [certified], items: [sent] });
      const found = await monitor.find(hostTarget, [before, after]);
      expect(found.holds).toBe(before);
      expect(found.host).toMatchObject({ connect: 'certificate', accept: ['certificate'], certificate: named });
      // It is the witness of its first credential that counts.
      expect(found.host.witness?.clockOf).toBe('agent');

      await monitor.give([found.host], after);
      expect(hosts[0]).toMatchObject({ ...psk, tls_connect: '2', tls_accept: '2', tls_issuer: '', tls_subject: '' });
      expect((await monitor.find(hostTarget, [before, after])).holds).toBe(after);

      await monitor.give([found.host], before);
      expect(hosts[0]).toEqual(certified);
      expect((await monitor.find(hostTarget, [before, after])).holds).toBe(before);
      expect(asked.filter(({ method }) => method === 'host.update')).toHaveLength(2);
    });

    test.each([
      [{ tls_connect: '4', tls_accept: '4', tls_issuer: named.issuer, tls_subject: '' }, named],
      // An empty one in a filter is no condition.
      [
        { tls_connect: '4', tls_accept: '4', ...fields },
        { issuer: '', subject: '' },
      ],
      [{ tls_connect: '4', tls_accept: '6', ...fields }, named],
      [{ tls_connect: '4', tls_accept: '1', ...fields }, named],
      [
        { tls_connect: '1', tls_accept: '1', tls_issuer: '', tls_subject: '' },
        { issuer: '', subject: '' },
      ],
    ])('what Zabbix holds is not that: %o, wanted %o', async (held, certificate) => {
      const { monitor } = await documentedMonitor(release, { hosts: [{ ...host, ...held }] });
      expect((await monitor.find(hostTarget, [{ takes: 'only-psk', certificate }])).holds).toBeUndefined();
    });

    test('a proxy does so in the one direction that it has, and its description is as it was in the end', async () => {
      for (const [mode, field] of [
        [{}, 'tls_accept'],
        [{ status: '6', operating_mode: '1' }, 'tls_connect'],
      ] as const) {
        const certified = { ...proxy, ...mode, ...fields, [field]: '4' };
        const { monitor, proxies } = await a(release, [certified]);
        const { host: found, holds } = await monitor.find(proxyTarget, [before, after]);
        expect(holds).toBe(before);
        await monitor.give([found], after);
        expect(proxies[0]).toMatchObject({ ...psk, [field]: '2', tls_issuer: '', tls_subject: '' });
        expect((await monitor.find(proxyTarget, [before, after])).holds).toBe(after);
        await monitor.give([found], before);
        expect(proxies[0]).toEqual(certified);
        expect((await monitor.find(proxyTarget, [before, after])).holds).toBe(before);

        const others = [
          { takes: 'only-psk', certificate: { issuer: '', subject: '' } },
          unencrypted('only-psk'),
        ] as const;
        expect([undefined, 'untold']).toContain((await monitor.find(proxyTarget, others)).holds);
      }
    });
  });
});
