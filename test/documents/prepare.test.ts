import { describe, expect, test } from 'vitest';
import { spareKeyPair } from './prepared-node.ts';
import {
  aNode,
  aRunningNode,
  fingerprint,
  inSeconds,
  instanceId,
  namespacesWork,
  newKey,
  oldKey,
  secretId,
  stateDirectory,
  versionId,
} from './throw-away-node.ts';

const asked = () => ({ config: 'auto', currentFingerprint: fingerprint(oldKey), notAfter: inSeconds(60) });

describe.skipIf(!namespacesWork())('prepare', { concurrent: true }, () => {
  test.each([
    { agent: 'zabbix_agentd', speaks: '6.0' },
    { agent: 'zabbix_agent2', speaks: '6.0' },
    { agent: 'zabbix_agent2', speaks: '7.0' },
  ] as const)(
    'makes a key pair and asks the server with the present key: $agent $speaks',
    async ({ agent, speaks }) => {
      const node = await aRunningNode({ agent });
      node.write(`/etc/zabbix/speaks-${speaks}`, '');
      node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);

      const first = await node.run('prepare', asked());
      expect(first.reply).toMatchObject({
        outcome: 'prepared',
        node: instanceId,
        identity: 'web-01.old',
        gates: expect.arrayContaining(['shadow-agent', 'agent-log']),
        probe: { server: '192.0.2.1:10051', verdict: 'accepted' },
        rotation: { secretId, versionId, phase: 'prepared' },
      });
      expect(first.exitCode).toBe(0);
      expect(first.stderr).toBe('');

      const second = await node.run('prepare', asked());
      expect(second.reply).toMatchObject({ outcome: 'prepared', publicKey: first.reply.publicKey });
      expect(node.sh(`stat -c %a ${stateDirectory}`).trim()).toBe('700');
      expect(node.sh(`ls ${stateDirectory}`)).not.toContain('shadow');
      expect(node.sh('ls -A /tmp')).toBe('');
    },
  );

  test('lets no second agent 2 ask where the first one registers by HostInterface', async () => {
    const node = await aRunningNode({ agent: 'zabbix_agent2' });
    spareKeyPair(node);
    node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const config = '/etc/zabbix/zabbix_agent2.conf';
    node.write(config, `${node.read(config)}HostInterface=web-01.example\n`);
    const { reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'prepared', gates: ['agent-log'], probe: { verdict: 'none' } });
  });

  test('offers no gate that asks when the server does not accept the present key', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    node.write('/etc/zabbix/server-accepts', '');
    const { reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'prepared', gates: ['agent-log'], probe: { verdict: 'refused' } });
  });

  test('tells what every place of ServerActive says to the present key, and nothing of the list in Server', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    const config = '/etc/zabbix/zabbix_agentd.conf';
    const before = node.read(config);
    node.write(config, before.replace('ServerActive=192.0.2.1', 'ServerActive=192.0.2.1;192.0.2.2, 192.0.2.3:10061'));
    node.write('/etc/zabbix/192.0.2.3:10061-accepts', '');
    node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const places = [
      { place: '192.0.2.1;192.0.2.2', verdict: 'accepted' },
      { place: '192.0.2.3:10061', verdict: 'refused' },
    ];
    expect((await node.run('prepare', asked())).reply).toMatchObject({ outcome: 'prepared', places });

    node.write(
      config,
      before.replace('ServerActive=192.0.2.1\n', '').replace('Server=192.0.2.1', 'Server=192.0.2.1,192.0.2.2'),
    );
    expect((await node.run('prepare', asked())).reply).toMatchObject({ outcome: 'prepared', places: [] });
  });

  test('does not take what zabbix_sender says of its own TLS for the answer of a place that it could not reach', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    // As a noexec file system or an agent that gives no answer: nothing but the sender can ask.
    node.write('/root/secret', '');
    node.write('/etc/zabbix/shadow-cheats', '');
    node.write(
      '/opt/sender',
      '#!/bin/sh\necho "DEBUG: In zbx_tls_init_child()"\necho "DEBUG: Unable to connect to [192.0.2.1]:10051 [Connection refused]"\nexit 1\n',
      0o755,
    );
    node.sh('cp /opt/sender /usr/local/sbin/zabbix_sender');
    const [place, gates] = ['192.0.2.1', ['agent-log']];
    expect((await node.run('prepare', asked())).reply).toMatchObject({
      ...{ outcome: 'prepared', gates },
      places: [
        { place, verdict: 'none' },
        { place, verdict: 'unreachable' },
      ],
    });
  });

  test('asks the plain addresses of Server when the agent asks nobody by itself', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    node.write(
      '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
      `${node.read('/etc/zabbix/zabbix_agentd.conf.d/psk.conf')}ServerActive=\nServer=0.0.0.0/0,10.0.0.0/8,zabbix.example\n`,
    );
    const { reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ active: false, probe: { server: 'zabbix.example:10051', verdict: 'accepted' } });
  });

  test.each([
    { what: 'a command that is late', values: { notAfter: inSeconds(-1) }, says: /was good until/ },
    {
      what: "a key that is not the secret's",
      values: { currentFingerprint: fingerprint(newKey) },
      says: new RegExp(`${fingerprint(oldKey)} and the secret's current key has ${fingerprint(newKey)}`),
    },
  ])('refuses $what', async ({ values, says }) => {
    const node = await aRunningNode();
    const { exitCode, reply } = await node.run('prepare', { ...asked(), ...values });
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(says) });
    expect(exitCode).toBe(10);
  });

  test('reads what the shadow agent said, not what its user has put in its place', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    node.write('/root/secret', '1: cannot open file of root only\n', 0o600);
    node.write('/etc/zabbix/shadow-cheats', '');
    const { reply, stdout } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'prepared', gates: ['agent-log'], probe: { verdict: 'none' } });
    expect(stdout).not.toContain('root only');
  });

  test('refuses a line that it could not put back as it is', async () => {
    const node = await aRunningNode();
    const dropIn = '/etc/zabbix/zabbix_agentd.conf.d/psk.conf';
    node.write(dropIn, node.read(dropIn).replace('web-01.old', 'web-01.old\f'));
    const { exitCode, reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/could not be put back as it is/) });
    expect(exitCode).toBe(10);
  });

  test('refuses a second agent on the node for one and the same rotation', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    await node.run('prepare', asked());
    const other = '/etc/zabbix/second.conf';
    node.write(
      other,
      `PidFile=/run/second.pid\nListenPort=10060\nServer=192.0.2.1\nTLSConnect=psk\nTLSAccept=psk\nTLSPSKIdentity=web-02\nTLSPSKFile=/etc/zabbix/psk.key\n`,
    );
    node.sh(
      `setsid zabbix_agentd -c ${other} >/dev/null 2>&1 & for i in $(seq 100); do [ -s /run/second.pid ] && break; sleep 0.02; done`,
    );
    const second = await node.run('prepare', { ...asked(), config: other });
    expect(second.reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringMatching(/zabbix_agentd\.conf.*second\.conf.*one secret can have one agent on a node/),
    });
    expect(second.exitCode).toBe(10);
    const first = await node.run('prepare', { ...asked(), config: '/etc/zabbix/zabbix_agentd.conf' });
    expect(first.reply).toMatchObject({ outcome: 'prepared', identity: 'web-01.old' });
  });

  test('refuses an agent that does not run', async () => {
    const node = await aNode();
    const { exitCode, reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/does not run/) });
    expect(exitCode).toBe(10);
  });

  test('refuses an agent that nothing can restart', async () => {
    const node = await aRunningNode();
    node.sh('rm /etc/init.d/*');
    const { reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/no way to restart it/) });
  });

  test('refuses a key that lies on a read-only file system', async () => {
    const node = await aRunningNode({
      mounts: 'mount --bind etc/zabbix etc/zabbix; mount -o remount,bind,ro etc/zabbix',
    });
    const { exitCode, reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/cannot be changed \(read-only/) });
    expect(exitCode).toBe(10);
  });

  test.each([
    { what: 'little', full: '' },
    { what: 'no', full: 'dd if=/dev/zero of=var/lib/full bs=4k 2>/dev/null || true' },
  ])('refuses, in one line still, when there is $what room for its notes', async ({ full }) => {
    const node = await aRunningNode({ mounts: `mount -t tmpfs -o size=128k tmpfs var/lib; ${full}` });
    const { exitCode, reply } = await node.run('prepare', asked());
    expect(reply).toMatchObject({ outcome: 'refused', verb: 'prepare', says: expect.stringMatching(/disk|room/) });
    expect(exitCode).toBe(10);
    expect(node.read('/etc/zabbix/psk.key')).toBe(`${oldKey}\n`);
  });

  test('refuses a node that is busy with another secret, until that preparation has run out', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    await node.run('prepare', asked());
    const other = { ...asked(), secretId: `${secretId}2` };
    const busy = await node.run('prepare', other);
    expect(busy.reply).toMatchObject({ outcome: 'refused', says: expect.stringContaining(secretId) });
    expect(busy.exitCode).toBe(10);

    node.write(`${stateDirectory}/notAfter`, inSeconds(-1));
    expect((await node.run('prepare', other)).reply).toMatchObject({ outcome: 'prepared' });
  });

  test('refuses without leaving anything on a node on which nothing of a rotation is noted', async () => {
    const node = await aRunningNode();
    const { reply } = await node.run('prepare', { ...asked(), currentFingerprint: fingerprint(newKey) });
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/bring the two together/) });
    expect(node.has(stateDirectory)).toBe(false);
  });

  test('clears away what an older rotation of the same secret left', async () => {
    const node = await aRunningNode();
    spareKeyPair(node);
    const { reply } = await node.run('prepare', asked());
    node.write('/etc/zabbix/psk.key.next', 'left over\n');
    const newer = await node.run('prepare', { ...asked(), versionId: `${versionId.slice(0, -1)}1` });
    expect(newer.reply).toMatchObject({ outcome: 'prepared' });
    expect(newer.reply.publicKey).not.toBe(reply.publicKey);
    expect(node.has('/etc/zabbix/psk.key.next')).toBe(false);
  });
});
