import { describe, expect, test } from 'vitest';
import { agentd, aNodeWithoutKey, filesOf, keyFile } from './node-without-key.ts';
import {
  fingerprint,
  inSeconds,
  namespacesWork,
  newKey,
  oldKey,
  sealed,
  stateDirectory,
  type ThrowAwayNode,
} from './throw-away-node.ts';

describe.skipIf(!namespacesWork())('an agent without a PSK', { concurrent: true }, () => {
  test('is refused by everybody who does not expect it, and told of to whoever does', async () => {
    const world = await aNodeWithoutKey();
    expect((await world.inspect({})).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('The agent uses no PSK'),
    });
    const prepared = await world.prepare({ firstEncryption: 'no', currentFingerprint: fingerprint(oldKey) });
    expect(prepared.reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('The agent uses no PSK'),
    });
    expect((await world.restore({ firstEncryption: 'no' })).reply).toMatchObject({ outcome: 'refused' });

    expect((await world.inspect()).reply).toMatchObject({
      outcome: 'inspected',
      fingerprint: 'unencrypted',
      keyFile,
      tlsConnect: 'unencrypted',
      tlsAccept: 'unencrypted',
      running: true,
    });
  });

  test.each([
    { takes: 'only-psk', accept: 'psk', oldKey: 'refused' },
    { takes: 'unencrypted-too', accept: 'unencrypted,psk', oldKey: 'not-asked' },
  ] as const)('gets its first key and takes $takes', async ({ takes, accept, oldKey: unencrypted }) => {
    const world = await aNodeWithoutKey({ takes });
    const { node } = world;
    const before = node.read(agentd);
    const prepared = await world.prepare();
    expect(prepared.reply).toMatchObject({
      outcome: 'prepared',
      gates: ['shadow-agent'],
      probe: { verdict: 'accepted' },
    });
    expect(node.read(agentd)).toBe(before);

    node.write('/etc/zabbix/server-accepts', 'unencrypted\n');
    const waiting = world.switch();
    await world.until('armed');
    node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
    const { reply, exitCode, stdout, stderr } = await waiting;
    expect(reply).toMatchObject({
      outcome: 'switched',
      identity: 'web-01.new',
      fingerprint: fingerprint(newKey),
      keyFile,
      keyMode: '0400',
      tlsConnect: 'psk',
      tlsAccept: accept,
      oldKey: unencrypted,
      lastSwitch: { gate: 'shadow-agent', to: fingerprint(newKey) },
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout + stderr).not.toContain(newKey.slice(0, 16));
    expect(node.read(agentd)).toBe(
      `${before}# First key, by zabbix-psk-rotation\nTLSConnect=psk\nTLSAccept=${accept}\nTLSPSKIdentity=web-01.new\nTLSPSKFile=${keyFile}\n# End of the first key\n`,
    );
    expect(node.read(keyFile)).toBe(`${newKey}\n`);
    expect(world.runsAs()).toBe('runs as web-01.new');

    expect((await world.switch()).reply).toMatchObject({ outcome: 'switched', again: true });
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared', rotation: { phase: 'switched' } });
    expect((await world.forget(fingerprint(newKey))).reply).toMatchObject({ outcome: 'forgotten', rotation: null });
    expect(filesOf(node)).not.toMatch(/previous|next/);
    expect(node.has(stateDirectory)).toBe(false);
  });

  test('is rotated like any other from then on, and taken back to that key', async () => {
    const world = await aNodeWithoutKey();
    const { node } = world;
    await world.prepare();
    await world.switch();
    await world.forget(fingerprint(newKey));
    const first = node.read(agentd);

    const versionId = '1f7a5c9e-6c1b-4f0e-9a55-3f1c1f2b7d11';
    node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\nweb-01.next ${oldKey}\n`);
    const prepared = await node.run('prepare', {
      ...{ versionId, config: 'auto', proxyConfig: 'none' },
      currentFingerprint: fingerprint(newKey),
      notAfter: inSeconds(60),
    });
    expect(prepared.reply).toMatchObject({ outcome: 'prepared' });
    const switched = await node.run('switch', {
      ...{ versionId, fingerprint: fingerprint(oldKey), identity: 'web-01.next', gate: 'shadow-agent' },
      sealedKey: sealed(oldKey, prepared.reply.publicKey, versionId),
      ...{ notAfter: inSeconds(60), serverWaitS: '20', agentStartS: '1' },
    });
    expect(switched.reply).toMatchObject({ outcome: 'switched', identity: 'web-01.next' });
    expect(node.read(agentd)).toBe(first.replace('web-01.new', 'web-01.next'));
    const restored = await node.run('restore', {
      ...{ versionId, config: 'auto', proxyConfig: 'none', gate: 'now' },
      ...{ notAfter: inSeconds(60), serverWaitS: '20', agentStartS: '1' },
    });
    expect(restored.reply).toMatchObject({ outcome: 'restored', fingerprint: fingerprint(newKey) });
    expect(node.read(agentd)).toBe(first);
  });

  test.each([
    ['as packages write it', 'Hostname=web-01\nServer=192.0.2.1\nServerActive=192.0.2.1\n'],
    ['without an end of its last line', 'Hostname=web-01\nServer=192.0.2.1\nServerActive=192.0.2.1'],
    [
      'that says unencrypted',
      'TLSConnect=unencrypted\r\nTLSAccept=unencrypted\r\nHostname=web-01\r\nServer=192.0.2.1\r\nServerActive=192.0.2.1\r\n\r\n',
    ],
    [
      'with bytes that are no text',
      'Hostname=web-01\nServer=192.0.2.1\nServerActive=192.0.2.1\n# \u00ff\u0001 \t\n\n\n',
    ],
  ])('is given back its configuration byte for byte: one %s', async (_, text) => {
    const world = await aNodeWithoutKey({
      before: (node) =>
        node.write(agentd, `PidFile=/run/zabbix_agentd.pid\nLogFile=/var/log/agent.log\n${text}`, 0o640),
    });
    const { node } = world;
    const before = node.read(agentd);
    const [listing, rights] = [filesOf(node), node.sh(`stat -c %u:%g:%a ${agentd}`)];
    await world.prepare();
    expect((await world.switch()).reply).toMatchObject({ outcome: 'switched' });
    expect(node.read(agentd)).not.toBe(before);
    node.write('/etc/zabbix/server-accepts', 'unencrypted\n');
    const { reply } = await world.restore();
    expect(reply).toMatchObject({
      outcome: 'restored',
      fingerprint: 'unencrypted',
      oldKey: 'refused',
      lastSwitch: { to: 'unencrypted' },
    });
    expect(node.read(agentd)).toBe(before);
    expect(world.runsAs()).toBe('runs as nobody');
    expect((await world.forget('unencrypted')).reply).toMatchObject({
      outcome: 'forgotten',
      fingerprint: 'unencrypted',
    });
    expect(filesOf(node)).toBe(listing);
    expect(node.sh(`stat -c %u:%g:%a ${agentd}`)).toBe(rights);
    expect(node.has(stateDirectory)).toBe(false);
  });

  test('keeps what somebody has written into the file since, before and after our lines', async () => {
    const world = await aNodeWithoutKey();
    const { node } = world;
    await world.prepare();
    await world.switch();
    const with_ = node.read(agentd);
    node.write(agentd, `# before\n${with_}# after\n`);
    const original = with_.slice(0, with_.indexOf('# First key'));
    expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored' });
    expect(node.read(agentd)).toBe(`# before\n${original}# after\n`);
  });

  test('that does not come up with the key is put back by itself', async () => {
    const world = await aNodeWithoutKey();
    const { node } = world;
    const [before, listing] = [node.read(agentd), filesOf(node)];
    await world.prepare();
    node.write('/etc/zabbix/unusable-keys', newKey);
    expect(await world.switch()).toMatchObject({ exitCode: 20, reply: { outcome: 'agent-did-not-start' } });
    expect(node.read(agentd)).toBe(before);
    expect(world.runsAs()).toBe('runs as nobody');
    expect((await world.restore()).reply).toMatchObject({
      outcome: 'restored',
      again: true,
      fingerprint: 'unencrypted',
    });
    expect((await world.forget('unencrypted')).reply).toMatchObject({ outcome: 'forgotten' });
    node.sh('rm /etc/zabbix/unusable-keys');
    expect(filesOf(node)).toBe(listing);
  });

  test('is not touched while the server does not take the key, and a waiting switch can be called off', async () => {
    const world = await aNodeWithoutKey();
    const { node } = world;
    const before = node.read(agentd);
    await world.prepare();
    node.write('/etc/zabbix/server-accepts', 'unencrypted\n');
    expect((await world.switch({ serverWaitS: '1' })).reply).toMatchObject({ outcome: 'not-accepted' });
    const waiting = world.switch();
    await world.until('armed');
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', again: true });
    expect((await waiting).reply).toMatchObject({ outcome: 'not-accepted' });
    expect(node.read(agentd)).toBe(before);
    expect(node.has(keyFile)).toBe(false);
    expect(node.has(`${keyFile}.next`)).toBe(false);
  });

  test('that takes both is put back when the server takes the key no more', async () => {
    const world = await aNodeWithoutKey({ takes: 'unencrypted-too' });
    const { node } = world;
    await world.prepare();
    await world.switch();
    expect((await world.restore({ serverWaitS: '1' })).reply).toMatchObject({ outcome: 'not-accepted' });
    const waiting = world.restore();
    await world.until('armed');
    node.write('/etc/zabbix/server-accepts', 'unencrypted\n');
    expect((await waiting).reply).toMatchObject({ outcome: 'restored', fingerprint: 'unencrypted' });
  });

  test.each(['before the key', 'between the key and the configuration', 'after both'])(
    'whose exchange is cut short %s is brought to either end by what comes next',
    async (where) => {
      for (const way of ['forward', 'back'] as const) {
        const world = await aNodeWithoutKey();
        const { node } = world;
        const before = node.read(agentd);
        await world.prepare();
        // What the worker has noted and done when the node goes down: the switch, told to wait for nothing, and cut short.
        expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'switched' });
        node.sh(`cd ${stateDirectory}; printf 'switching\\n' >phase; printf '%s\\n' forward >direction; rm -f result`);
        if (where !== 'after both') node.write(agentd, before);
        if (where === 'before the key') node.sh(`mv ${keyFile} ${keyFile}.next`);
        if (way === 'forward') {
          expect((await world.switch({ gate: 'now' })).reply).toMatchObject({
            outcome: 'switched',
            fingerprint: fingerprint(newKey),
          });
          expect((await world.forget(fingerprint(newKey))).reply).toMatchObject({ outcome: 'forgotten' });
        } else {
          expect((await world.forget('unencrypted')).reply).toMatchObject({
            outcome: 'forgotten',
            fingerprint: 'unencrypted',
          });
          expect(node.read(agentd)).toBe(before);
          expect(node.has(keyFile)).toBe(false);
        }
        expect(filesOf(node)).not.toMatch(/next|previous/);
      }
    },
  );

  test.each([
    {
      when: 'the file of its first key is there already',
      before: (node: ThrowAwayNode) => node.write(keyFile, 'something\n'),
      says: `${keyFile} is there already`,
    },
    {
      when: 'it reports to several places',
      before: (node: ThrowAwayNode) =>
        node.write(agentd, node.read(agentd).replace('ServerActive=192.0.2.1', 'ServerActive=192.0.2.1,192.0.2.2')),
      says: 'names several places',
    },
    {
      when: 'it has a PSK',
      before: (node: ThrowAwayNode) => {
        node.write('/etc/zabbix/psk.key', `${oldKey}\n`, 0o400);
        node.write(
          '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
          'TLSConnect=psk\nTLSAccept=psk\nTLSPSKIdentity=web-01.old\nTLSPSKFile=/etc/zabbix/psk.key\n',
        );
      },
      says: 'has a PSK already (TLSPSKIdentity=web-01.old',
    },
    {
      when: 'it uses certificates',
      before: (node: ThrowAwayNode) => node.write('/etc/zabbix/zabbix_agentd.conf.d/psk.conf', 'TLSConnect=cert\n'),
      says: 'and the secret says "unencrypted": say "certificate" there',
    },
    {
      when: 'a key is configured and not used',
      before: (node: ThrowAwayNode) =>
        node.write('/etc/zabbix/zabbix_agentd.conf.d/psk.conf', 'TLSPSKFile=/etc/zabbix/psk.key\n'),
      says: 'neither TLSConnect nor TLSAccept uses them',
    },
  ])('is refused where $when, and nothing is touched', async ({ before, says }) => {
    const world = await aNodeWithoutKey({ before });
    const { node } = world;
    const [text, listing] = [node.read(agentd), filesOf(node)];
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'refused', says: expect.stringContaining(says) });
    expect([node.read(agentd), filesOf(node)]).toEqual([text, listing]);
  });

  test('one of two that run is not chosen by chance', async () => {
    const world = await aNodeWithoutKey({
      before: (node) => {
        node.sh('cp /usr/local/sbin/zabbix_agentd /usr/local/sbin/zabbix_agent2');
        node.write(
          '/etc/zabbix/zabbix_agent2.conf',
          'PidFile=/run/zabbix_agent2.pid\nListenPort=10060\nServer=192.0.2.1\nHostname=web-01\nLogFile=/var/log/agent.log\n',
        );
        node.sh(
          'setsid zabbix_agent2 >/dev/null 2>&1 </dev/null & for i in $(seq 100); do [ -s /run/zabbix_agent2.pid ] && break; sleep 0.02; done',
        );
      },
    });
    expect((await world.prepare()).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('say in config which one is to get its first key'),
    });
    expect((await world.prepare({ config: agentd })).reply).toMatchObject({ outcome: 'prepared' });
  });
});

describe.skipIf(!namespacesWork())('of the other programs', { concurrent: true }, () => {
  test('agent 2 gets its first key and loses it again', async () => {
    const world = await aNodeWithoutKey({ agent: 'zabbix_agent2' });
    const { node } = world;
    const config = '/etc/zabbix/zabbix_agent2.conf';
    const before = node.read(config);
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared', gates: ['shadow-agent'] });
    node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
    expect((await world.switch()).reply).toMatchObject({
      outcome: 'switched',
      keyFile: '/etc/zabbix/zabbix_agent2.psk',
      oldKey: 'refused',
    });
    node.write('/etc/zabbix/server-accepts', 'unencrypted\n');
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', fingerprint: 'unencrypted' });
    expect(node.read(config)).toBe(before);
  });

  test('an active proxy is told how it connects, and nothing that it does not read', async () => {
    const world = await aNodeWithoutKey({ proxy: 'alone' });
    const { node } = world;
    const config = '/etc/zabbix/zabbix_proxy.conf';
    const before = node.read(config);
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared', gates: [] });
    expect((await world.switch({ gate: 'now' })).reply).toMatchObject({
      outcome: 'switched',
      agent: 'zabbix_proxy',
      keyFile: '/etc/zabbix/zabbix_proxy.psk',
    });
    expect(node.read(config)).toBe(
      `${before}# First key, by zabbix-psk-rotation\nTLSConnect=psk\nTLSPSKIdentity=web-01.new\nTLSPSKFile=/etc/zabbix/zabbix_proxy.psk\n# End of the first key\n`,
    );
    expect((await world.restore({ gate: 'now' })).reply).toMatchObject({
      outcome: 'restored',
      fingerprint: 'unencrypted',
    });
    expect(node.read(config)).toBe(before);
  });
});
