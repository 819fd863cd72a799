import { describe, expect, test } from 'vitest';
import type { Release } from '../../fakes/documented-zabbix.ts';
import { documentedMonitor } from './documented-monitor.ts';

const edge = {
  ...{ proxyid: '10', host: 'edge', name: 'edge', status: '5', operating_mode: '0', state: '2', description: '' },
  ...{ tls_connect: '1', tls_accept: '2', lastaccess: '1795392000', tls_psk: '', tls_psk_identity: '' },
};

/** Each version shows the fields that it has: `proxy_hostid` before 7.0, `proxyid` or the one that its group was given since. */
const behind = (hostid: string, host: string, also: Readonly<Record<string, string>> = {}) => ({
  ...{ hostid, host, status: '0', proxy_hostid: '10', proxyid: '10', assigned_proxyid: '0', ...also },
});
const hosts = [
  behind('1', 'lamp-1'),
  behind('2', 'lamp-2', { status: '1' }),
  behind('3', 'lamp-3'),
  behind('4', 'elsewhere', { proxy_hostid: '11', proxyid: '11' }),
  behind('5', 'in-a-group', { proxy_hostid: '10', proxyid: '0', assigned_proxyid: '10' }),
];

const item = (itemid: string, hostid: string, also: object) => ({
  ...{
    itemid,
    hostid,
    key_: 'agent.ping',
    type: '0',
    delay: '30',
    state: '0',
    history: '31d',
    lastclock: '1795391990',
  },
  ...{ preprocessing: [], ...also },
});
const items = [
  item('11', '1', { type: '7', delay: '5', key_: 'system.localtime' }),
  item('12', '1', {}),
  item('31', '3', { delay: '1h' }),
  item('51', '5', { type: '7' }),
  item('21', '2', {}),
  item('41', '4', {}),
];

async function a(release: Release, known = hosts) {
  const { asked, monitor } = await documentedMonitor(release, { hosts: known, proxies: [edge], items });
  const target = { kind: 'proxy', name: 'edge', node: 'mi-0123456789abcdef0', config: 'auto' } as const;
  const { host: proxy } = await monitor.find(target, []);
  const before = asked.length;
  return { behind: await monitor.hostsBehind(proxy), asked: asked.slice(before) };
}

describe.each(['6.0', '6.4', '7.0', '7.2', '7.4'] as const)('on Zabbix %s, as its manual describes it,', (release) => {
  test('the enabled hosts behind a proxy are told, those of its group too, each with an item that comes often', async () => {
    const { behind: told, asked } = await a(release);
    const common = { kind: 'value', key: 'agent.ping', everyS: 30, lastS: 1795391990 };
    expect(told).toEqual([
      { name: 'lamp-1', witness: { ...common, itemId: '12', clockOf: 'proxy' } },
      { name: 'in-a-group', witness: { ...common, itemId: '51', clockOf: 'agent' } },
    ]);
    expect(asked.map(({ method }) => method)).toEqual(['proxy.get', 'item.get', 'item.get']);
  });

  test('nobody is asked for items where there is no host', async () => {
    const { behind: told, asked } = await a(release, []);
    expect(told).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  test('the newest values of a few hosts only are asked for, however many there are', async () => {
    const many = Array.from({ length: 500 }, (_, nth) => behind(String(nth + 100), `lamp-${nth}`));
    const { asked } = await a(release, [...hosts, ...many]);
    expect(asked[1]).toMatchObject({ params: { hostids: { length: 20 } } });
    expect(asked[2]).toMatchObject({ params: { itemids: ['12', '51'] } });
  });
});
