import { describe, expect, test } from 'vitest';
import type { MonitoredHost } from '../../../lambda/rotation/model.ts';
import type { Release } from '../../fakes/documented-zabbix.ts';
import { documentedMonitor } from './documented-monitor.ts';

/** Each version shows the fields that it has: a host behind a proxy, one behind a group of 7.0, and one that the server watches. */
const hosts = [
  { hostid: '1', host: 'web-1', proxy_hostid: '10', proxyid: '10', assigned_proxyid: '0' },
  { hostid: '2', host: 'web-2', proxy_hostid: '11', proxyid: '0', assigned_proxyid: '11' },
  { hostid: '3', host: 'web-3', proxy_hostid: '10', proxyid: '10', assigned_proxyid: '0' },
];
const proxies = [
  { proxyid: '10', host: 'edge', name: 'edge', status: '5', operating_mode: '0', lastaccess: '1000', state: '2' },
  { proxyid: '11', host: 'site 2', name: 'site 2', status: '6', operating_mode: '1', lastaccess: '900', state: '1' },
];

const described = (hostId: string, behindProxy: MonitoredHost['behindProxy']): MonitoredHost => ({
  ...{ kind: 'host', hostId, name: `web-${hostId}`, enabled: true, connect: 'psk', accept: ['psk'] },
  ...{ reachable: undefined, behindProxy, silenced: false, seen: { serverS: 1_004 }, witness: undefined },
});

const a = (release: Release, known = proxies) => documentedMonitor(release, { hosts, proxies: known });

describe.each([
  ['6.0', 'proxy'],
  ['6.4', 'proxy'],
  ['7.0', 'server'],
  ['7.2', 'server'],
  ['7.4', 'server'],
] as const)('on Zabbix %s, as its manual describes it,', (release, reloadedAt) => {
  test(`the proxies before hosts are told by name and mode, each once, and reloaded at the ${reloadedAt}`, async () => {
    const { monitor } = await a(release);
    const behind = ['1', '2', '3'].map((id) => described(id, reloadedAt === 'proxy' ? 'slow' : 'prompt'));
    expect(await monitor.proxiesBefore(behind)).toEqual([
      { name: 'edge', mode: 'active', silentForS: 4, isOffline: false, reloadedAt, hosts: ['web-1', 'web-3'] },
      {
        name: 'site 2',
        mode: 'passive',
        silentForS: 104,
        isOffline: release.startsWith('7'),
        reloadedAt,
        hosts: ['web-2'],
      },
    ]);
  });

  test('a proxy that may not be read has no name', async () => {
    const { monitor } = await a(release, []);
    expect(await monitor.proxiesBefore([described('1', 'prompt')])).toEqual([
      { name: undefined, mode: undefined, silentForS: undefined, isOffline: false, reloadedAt, hosts: ['web-1'] },
    ]);
  });

  test('nobody is asked about hosts that the server watches', async () => {
    const { monitor, asked } = await a(release);
    await monitor.version();
    const before = asked.length;
    expect(await monitor.proxiesBefore([described('1', false)])).toEqual([]);
    expect(asked).toHaveLength(before);
  });
});
