import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { aPreparedNode, dropIn, keyFile, proxyConfig, untouched } from './prepared-node.ts';
import {
  aRunningNode,
  fingerprint,
  inSeconds,
  namespacesWork,
  newKey,
  oldKey,
  stateDirectory,
} from './throw-away-node.ts';

const onlyNewIsAccepted = `web-01.new ${newKey}\n`;

describe.skipIf(!namespacesWork())('a proxy', { concurrent: true, timeout: 60_000 }, () => {
  test.each([
    { mode: 'active', ProxyMode: 'ProxyMode=0', TLS: 'TLSConnect=psk\nTLSAccept=cert' },
    { mode: 'passive', ProxyMode: 'ProxyMode=1', TLS: 'TLSAccept=psk\nTLSConnect=cert' },
  ])('that is $mode is found with the setting that counts for it', async ({ mode, ProxyMode, TLS }) => {
    const node = await aRunningNode({ proxy: 'alone' });
    node.write(
      proxyConfig,
      `${ProxyMode}\n${TLS}\nHostname=edge\nServer=192.0.2.1\nTLSPSKIdentity=edge.old\nTLSPSKFile=${keyFile}\n`,
    );
    const { reply } = await node.run('inspect', { config: 'none', proxyConfig: 'auto' });
    expect(reply).toMatchObject({
      outcome: 'inspected',
      agent: 'zabbix_proxy',
      version: '6.0.14',
      hostname: 'edge',
      identity: 'edge.old',
      fingerprint: fingerprint(oldKey),
      listenPort: 10051,
      passive: mode === 'passive',
      active: mode === 'active',
      running: true,
      service: 'init:zabbix-proxy',
    });
  });

  test('gets its key when its own log says that the server has refused the one it had', async () => {
    const world = await aPreparedNode({ proxy: 'alone' });
    const { node } = world;
    expect((await world.prepare()).reply).toMatchObject({ gates: ['proxy-log'] });
    const waiting = world.switch({ gate: 'proxy-log' });
    await world.until('armed');
    await sleep(300);
    expect(node.read(keyFile)).toBe(`${oldKey}\n`);
    node.write('/etc/zabbix/server-accepts', onlyNewIsAccepted);

    const { reply, exitCode } = await waiting;
    expect(reply).toMatchObject({
      outcome: 'switched',
      agent: 'zabbix_proxy',
      identity: 'web-01.new',
      gate: 'proxy-log',
    });
    expect(exitCode).toBe(0);
    expect(world.proxyRunsAs()).toBe('runs as web-01.new');

    node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    await sleep(300);
    // The refusal stood in its log before anybody was told to go back.
    expect((await world.restore({ gate: 'proxy-log' })).reply).toMatchObject({ outcome: 'restored' });
    expect(world.proxyRunsAs()).toBe('runs as web-01.old');
    expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
    expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored', again: true });
    expect(node.has(stateDirectory)).toBe(false);
  });

  test('that has died with the new key is back on the old one at once: a log that nobody writes is not waited for', async () => {
    const world = await aPreparedNode({ proxy: 'alone' });
    await world.switch({ gate: 'now' });
    world.node.sh('kill "$(cat /run/zabbix_proxy.pid)"; sleep 0.3');
    expect((await world.restore({ gate: 'proxy-log' })).reply).toMatchObject({ outcome: 'restored', running: true });
    expect(world.proxyRunsAs()).toBe('runs as web-01.old');
  });

  test('that hangs with the new key is taken back when its time is over, without a word in its log', async () => {
    const world = await aPreparedNode({ proxy: 'alone' });
    await world.switch({ gate: 'now' });
    world.node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
    world.node.sh('kill -STOP "$(cat /run/zabbix_proxy.pid)"');
    expect((await world.restore({ gate: 'proxy-log', serverWaitS: '2' })).reply).toMatchObject({
      outcome: 'restored',
      running: true,
    });
    expect(world.proxyRunsAs()).toBe('runs as web-01.old');
  });

  test('that is passive gets its key when the server comes with the new identity, whoever else comes', async () => {
    const world = await aPreparedNode({
      proxy: 'alone',
      before: (node) => {
        node.write(proxyConfig, node.read(proxyConfig).replace('ProxyMode=0\nTLSConnect', 'ProxyMode=1\nTLSAccept'));
        node.sh('/etc/init.d/zabbix-proxy stop; sleep 0.3; /etc/init.d/zabbix-proxy start; sleep 0.3');
      },
    });
    const { node } = world;
    const waiting = world.switch({ gate: 'proxy-log' });
    await world.until('armed');
    const says = (identity: string) =>
      node.sh(
        `echo '7:1: cannot find requested PSK identity "${identity}", available PSK identity "x"' >>/var/log/proxy.log`,
      );
    says('somebody-else');
    await sleep(1500);
    expect(world.phase()).toBe('armed');
    says('web-01.new');
    expect((await waiting).reply).toMatchObject({ outcome: 'switched', passive: true });
    expect(world.proxyRunsAs()).toBe('runs as web-01.new');
  });

  test('is asked for by zabbix_sender where that is installed', async () => {
    const world = await aPreparedNode({
      proxy: 'alone',
      before: (node) => {
        node.write(
          '/opt/sender',
          '#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in --tls-psk-identity) id=$2 ;; --tls-psk-file) file=$2 ;; esac; shift; done\ngrep -qx "$id $(cat "$file")" /etc/zabbix/server-accepts && exit 2\necho "Unable to connect [TCP successful, cannot establish TLS to it]"; exit 1\n',
          0o755,
        );
        node.sh('cp /opt/sender /usr/local/sbin/zabbix_sender');
      },
    });
    expect((await world.prepare()).reply).toMatchObject({
      gates: ['zabbix-sender', 'proxy-log'],
      probe: { server: '192.0.2.1:10051', verdict: 'accepted' },
    });
    expect((await world.switch({ gate: 'zabbix-sender' })).reply).toMatchObject({
      outcome: 'switched',
      oldKey: 'accepted',
    });
  });
});

describe.skipIf(!namespacesWork())(
  'an agent and a proxy with one key file',
  { concurrent: true, timeout: 60_000 },
  () => {
    test('change it together, in one exchange, and forget it together', async () => {
      const world = await aPreparedNode({ proxy: 'beside' });
      const { node } = world;
      expect((await world.prepare()).reply).toMatchObject({
        agent: 'zabbix_agentd',
        gates: ['shadow-agent', 'proxy-log', 'agent-log'],
      });
      node.write('/etc/zabbix/server-accepts', onlyNewIsAccepted);

      expect((await world.switch()).reply).toMatchObject({
        outcome: 'switched',
        agent: 'zabbix_agentd',
        hostname: 'web-01',
        says: expect.stringContaining('The proxy and the agent run on the new key'),
        oldKey: 'refused',
      });
      expect(node.read(keyFile)).toBe(`${newKey}\n`);
      expect(node.read(proxyConfig)).toContain('TLSPSKIdentity=web-01.new\n');
      expect(node.read(dropIn)).toContain('TLSPSKIdentity=web-01.new\n');
      expect([world.runsAs(), world.proxyRunsAs()]).toEqual(['runs as web-01.new', 'runs as web-01.new']);

      expect((await world.forget(newKey)).reply).toMatchObject({ outcome: 'forgotten' });
      expect(node.sh('ls -AR /etc/zabbix /tmp /var/lib')).not.toMatch(/previous|next|zabbix-psk/);
    });

    test('go back together, to the very files that were there', async () => {
      const world = await aPreparedNode({ proxy: 'beside' });
      const { node } = world;
      const [agent, proxy] = [node.read(dropIn), node.read(proxyConfig)];
      await world.switch();

      expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', fingerprint: fingerprint(oldKey) });
      untouched(node);
      expect([node.read(dropIn), node.read(proxyConfig)]).toEqual([agent, proxy]);
      expect([world.runsAs(), world.proxyRunsAs()]).toEqual(['runs as web-01.old', 'runs as web-01.old']);
    });

    test.each(['zabbix_agentd', 'zabbix_proxy'])(
      'both stay on the old key when %s does not come up on the new one',
      async (broken) => {
        const world = await aPreparedNode({ proxy: 'beside' });
        const { node } = world;
        const [agent, proxy] = [node.read(dropIn), node.read(proxyConfig)];
        node.sh(
          `mv /usr/local/sbin/${broken} /opt/real; printf '#!/bin/sh\\ncase $* in *-V*|*--help*|*shadow*) ;; *) grep -q ${newKey} ${keyFile} && exit 0 ;; esac\\nexec -a ${broken} /usr/local/sbin/real/${broken} "$@"\\n' >/opt/wrapper; mkdir /usr/local/sbin/real; mv /opt/real /usr/local/sbin/real/${broken}; sed -i 's|^#!/bin/sh|#!/bin/bash|' /opt/wrapper; cp /opt/wrapper /usr/local/sbin/${broken}; chmod 755 /usr/local/sbin/${broken}`,
        );

        const { reply, exitCode } = await world.switch();
        expect(reply).toMatchObject({ outcome: 'agent-did-not-start', fingerprint: fingerprint(oldKey) });
        expect(exitCode).toBe(20);
        untouched(node);
        expect([node.read(dropIn), node.read(proxyConfig)]).toEqual([agent, proxy]);
        expect([world.runsAs(), world.proxyRunsAs()]).toEqual(['runs as web-01.old', 'runs as web-01.old']);
        expect(node.sh('ls /proc/*/comm | xargs cat 2>/dev/null | sort | uniq -c')).toMatch(
          /1 zabbix_agentd\n *1 zabbix_proxy/,
        );
      },
    );

    test('an exchange that was cut short is finished for both', async () => {
      const world = await aPreparedNode({ proxy: 'beside' });
      const { node } = world;
      await world.switch();
      // The node went down before the second program had its identity.
      node.write(dropIn, node.read(dropIn).replace('web-01.new', 'web-01.old'));
      node.write(`${stateDirectory}/phase`, 'switching\n');

      expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored' });
      untouched(node);
      expect(node.read(proxyConfig)).toContain('TLSPSKIdentity=web-01.old\n');
      expect([world.runsAs(), world.proxyRunsAs()]).toEqual(['runs as web-01.old', 'runs as web-01.old']);
    });

    test('are refused when each has a key file of its own', async () => {
      const node = await aRunningNode({ proxy: 'beside' });
      node.write('/etc/zabbix/proxy.key', `${oldKey}\n`, 0o400);
      node.write(proxyConfig, node.read(proxyConfig).replace(keyFile, '/etc/zabbix/proxy.key'));
      const { reply, exitCode } = await node.run('prepare', {
        config: 'auto',
        proxyConfig: 'auto',
        currentFingerprint: fingerprint(oldKey),
        notAfter: inSeconds(60),
      });
      expect(exitCode).toBe(10);
      expect(reply.says).toBe(
        'The proxy on this node uses the key file /etc/zabbix/proxy.key and the agent /etc/zabbix/psk.key: one secret is one key file on a node, so let both use the same file, or give each a secret of its own.',
      );
    });
  },
);
