import { describe, expect, test } from 'vitest';
import { proxyConfig, untouched } from './prepared-node.ts';
import { aNode, aRunningNode, namespacesWork, stateDirectory } from './throw-away-node.ts';

const server = { daemon: 'zabbix_server', proxies: 'none' };
const proxy = { daemon: 'zabbix_proxy', proxies: 'none' };
const serverConfig = '/etc/zabbix/zabbix_server.conf';

describe.skipIf(!namespacesWork())('reload', { concurrent: true, timeout: 60_000 }, () => {
  test('tells the server that runs, by the configuration in use, and believes its log; twice is harmless', async () => {
    const node = await aRunningNode({ server: true });
    for (const told of [1, 2]) {
      const { reply, exitCode, stderr } = await node.run('reload', server);
      expect(reply).toMatchObject({
        outcome: 'reloaded',
        verb: 'reload',
        agent: 'zabbix_server',
        version: '6.0.14',
        config: serverConfig,
        says: `zabbix_server 6.0.14 (${serverConfig}) has reloaded its configuration cache.`,
      });
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(node.read('/var/log/server.log').match(/told config_cache_reload\n/g)).toHaveLength(told);
    }
    untouched(node);
    expect(node.has(stateDirectory)).toBe(false);
  });

  test('finds the configuration file that the server was started with', async () => {
    const node = await aNode({ server: true });
    node.write('/opt/other.conf', node.read(serverConfig).replace('server.log', 'other.log'));
    node.sh('setsid zabbix_server -c /opt/other.conf >/dev/null 2>&1 </dev/null & sleep 0.5');
    expect((await node.run('reload', server)).reply).toMatchObject({ outcome: 'reloaded', config: '/opt/other.conf' });
    expect(node.read('/var/log/other.log')).toContain('told config_cache_reload');
  });

  test('tells a proxy, which says in its log that it has its configuration', async () => {
    const node = await aRunningNode({ proxy: 'alone' });
    const { reply, exitCode } = await node.run('reload', proxy);
    expect(reply).toMatchObject({ outcome: 'reloaded', agent: 'zabbix_proxy', hostname: 'edge', config: proxyConfig });
    expect(exitCode).toBe(0);
  });

  test.each([
    { proxies: 'all', told: 'proxy_config_cache_reload' },
    { proxies: 'named:edge,site-2', told: 'proxy_config_cache_reload=edge,site-2' },
  ])('of a server of 7.0 with proxies $proxies has it hand them what it has by then', async ({ proxies, told }) => {
    const node = await aRunningNode({ server: true });
    node.write('/etc/zabbix/speaks-7.0', '');
    expect((await node.run('reload', { ...server, proxies })).reply).toMatchObject({ outcome: 'reloaded' });
    expect(node.read('/var/log/server.log')).toMatch(
      new RegExp(`told config_cache_reload\n[^]*finished forced reloading[^]*\ntold ${told}\n$`),
    );
  });

  test.each([
    { where: 'a log that says nothing', break: 'touch /etc/zabbix/logs-nothing' },
    { where: 'no log file', break: `sed -i 's/^LogFile.*/LogType=system/' ${serverConfig}` },
  ])('has only asked where there is $where', async ({ break: how }) => {
    const node = await aRunningNode({ server: true });
    node.sh(how);
    const { reply, exitCode } = await node.run('reload', server);
    expect(reply).toMatchObject({
      outcome: 'asked',
      says: `zabbix_server 6.0.14 (${serverConfig}) was told to reload its configuration cache; its log does not tell that it has.`,
    });
    expect(exitCode).toBe(0);
  });

  // In a user namespace there is no other user to run as.
  test.skipIf(process.getuid?.() !== 0)('runs the program as the user whose process it is', async () => {
    const node = await aNode({ server: true });
    node.write('/tmp/nobodys.conf', 'PidFile=/tmp/server.pid\nLogFile=/tmp/server.log\nListenPort=10061\n');
    node.sh(`chmod 755 /; chmod 1777 /tmp; mkdir /opt/real; cp /usr/local/sbin/zabbix_server /opt/real/
      setsid setpriv --reuid=65534 --regid=65534 --clear-groups zabbix_server -c /tmp/nobodys.conf >/dev/null 2>&1 </dev/null &
      sleep 0.5
      printf '#!/bin/sh\\nid -u >>/tmp/ran-by\\nexec perl /opt/real/zabbix_server "$@"\\n' >/usr/local/sbin/zabbix_server`);
    expect((await node.run('reload', server)).reply).toMatchObject({
      outcome: 'reloaded',
      config: '/tmp/nobodys.conf',
    });
    expect(new Set(node.read('/tmp/ran-by').trim().split('\n'))).toEqual(new Set(['65534']));
  });

  test.each([
    { who: 'a passive proxy of 6.0', says: 'Cannot perform configuration cache reloading on passive proxy', code: 0 },
    { who: 'a standby node', says: 'Runtime commands can be executed only in active mode', code: 0 },
    {
      who: 'whoever may not open the socket',
      says: 'Cannot connect to service "rtc": [13] Permission denied.',
      code: 1,
    },
  ])('is refused in the words of $who', async ({ says, code }) => {
    const node = await aRunningNode({ proxy: 'alone' });
    node.write('/etc/zabbix/says', says);
    if (code === 1) node.write('/etc/zabbix/says-1', '');
    const { reply, exitCode } = await node.run('reload', proxy);
    expect(reply).toMatchObject({
      outcome: 'refused',
      says: `zabbix_proxy (${proxyConfig}) did not take config_cache_reload (exit status ${code}): ${says}`,
    });
    expect(exitCode).toBe(10);
  });

  test.each(['zabbix_server', 'zabbix_proxy'])(
    'is refused where no %s runs, however many agents do',
    async (daemon) => {
      const node = await aRunningNode();
      const { reply, exitCode } = await node.run('reload', { daemon, proxies: 'none' });
      expect(reply.says).toBe(
        `No ${daemon} runs on this node: start it, or name the node that it runs on in the inventory (reload).`,
      );
      expect(exitCode).toBe(10);
    },
  );

  test('is refused where two run, since nobody could say which one is meant', async () => {
    const node = await aRunningNode({ proxy: 'alone' });
    node.write('/opt/two.conf', `${node.read(proxyConfig)}ListenPort=10071\n`.replace('proxy.pid', 'two.pid'));
    node.sh('setsid zabbix_proxy -c /opt/two.conf >/dev/null 2>&1 </dev/null & sleep 0.5');
    const { reply, exitCode } = await node.run('reload', proxy);
    expect(reply.says).toMatch(/^Two zabbix_proxy run on this node, processes \d+ and \d+: /);
    expect(exitCode).toBe(10);
  });

  test.each(['-R ha_status', '-c /etc/zabbix/zabbix_server.conf --runtime-control=ha_status', '-V', '--help'])(
    'takes no zabbix_server for the one that runs that somebody has called with %s: other rotations tell it to reload, too',
    async (options) => {
      const node = await aRunningNode({ server: true });
      node.write('/opt/called/zabbix_server', '#!/usr/bin/perl\nsleep 60;\n', 0o755);
      node.sh(`setsid /opt/called/zabbix_server ${options} >/dev/null 2>&1 </dev/null & sleep 0.3`);
      expect((await node.run('reload', server)).reply).toMatchObject({ outcome: 'reloaded', config: serverConfig });
    },
  );

  test('finds the one that runs beside others that end while it looks', async () => {
    const node = await aNode({ server: true });
    node.write('/opt/called/zabbix_server', '#!/usr/bin/perl\nsleep 60;\n', 0o755);
    // Before and after it, since nobody knows in which order they are looked at.
    const called =
      'for n in 1 2 3 4; do setsid /opt/called/zabbix_server -V >/dev/null 2>&1 & echo $! >>/opt/short; done';
    node.sh(`${called}; setsid zabbix_server >/dev/null 2>&1 & sleep 0.3; ${called}; sleep 0.3`);
    node.write(
      '/opt/readlink',
      '#!/bin/sh\nif kill -9 $(cat /opt/short) 2>/dev/null; then sleep 0.2; fi\nexec /usr/bin/readlink "$@"\n',
    );
    node.sh('install /opt/readlink /usr/local/sbin/readlink');
    expect((await node.run('reload', server)).reply).toMatchObject({ outcome: 'reloaded', config: serverConfig });
  });

  test('is refused for another program', async () => {
    const node = await aRunningNode();
    const { reply, exitCode } = await node.run('reload', { daemon: 'zabbix_agentd', proxies: 'none' });
    expect(reply.says).toBe('The parameter daemon is "zabbix_agentd": send zabbix_server or zabbix_proxy.');
    expect(exitCode).toBe(10);
  });
});
