import { describe, expect, test } from 'vitest';
import { agentd, aNodeWithoutKey, filesOf, keyFile, withCertificate } from './node-without-key.ts';
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

const aCertifiedNode = (options: Parameters<typeof aNodeWithoutKey>[0] = {}) =>
  aNodeWithoutKey({ ...options, certificate: true });

const block = (accept: string, config: string) =>
  `# First key, by zabbix-psk-rotation\nTLSConnect=psk\nTLSAccept=${accept}\nTLSPSKIdentity=web-01.new\nTLSPSKFile=/etc/zabbix/${config}.psk\n# End of the first key\n`;

describe.skipIf(!namespacesWork())('an agent that uses certificates', { concurrent: true }, () => {
  test('is refused by everybody who does not expect it, and told of to whoever does', async () => {
    const world = await aCertifiedNode();
    const refusal = {
      outcome: 'refused',
      says: expect.stringContaining('The agent uses certificates (TLSConnect=cert'),
    };
    expect((await world.inspect({})).reply).toMatchObject(refusal);
    expect(
      (await world.prepare({ firstEncryption: 'no', currentFingerprint: fingerprint(oldKey) })).reply,
    ).toMatchObject(refusal);

    expect((await world.inspect()).reply).toMatchObject({
      outcome: 'inspected',
      says: expect.stringContaining('with a certificate'),
      fingerprint: 'certificate',
      keyFile,
      tlsConnect: 'cert',
      tlsAccept: 'cert',
    });
  });

  test('and a secret that says that it is unencrypted are brought together first', async () => {
    const world = await aCertifiedNode();
    expect((await world.prepare({ currentFingerprint: 'unencrypted' })).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('and the secret says "unencrypted": say "certificate" there'),
    });
    const unencrypted = await aNodeWithoutKey();
    expect((await unencrypted.prepare({ currentFingerprint: 'certificate' })).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('and the secret says "certificate": say "unencrypted" there'),
    });
  });

  test.each(['zabbix_agentd', 'zabbix_agent2'] as const)(
    'gets its first key and goes on taking certificates, and loses it again byte for byte: %s',
    async (agent) => {
      const config = `/etc/zabbix/${agent}.conf`;
      const world = await aCertifiedNode({ agent });
      const { node } = world;
      const [before, listing] = [node.read(config), filesOf(node)];
      expect(before).toContain(withCertificate);
      expect((await world.prepare()).reply).toMatchObject({
        outcome: 'prepared',
        gates: ['shadow-agent'],
        probe: { verdict: 'accepted', says: expect.stringContaining('The server accepts the certificate') },
      });
      expect(node.read('/var/log/agent.log')).toContain(
        'probe certificate /etc/zabbix/tls/ca.pem /etc/zabbix/tls/own.pem /etc/zabbix/tls/own.key CN=Peers,O=Example',
      );

      node.write('/etc/zabbix/server-accepts', 'certificate\n');
      const waiting = world.switch();
      await world.until('armed');
      node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
      expect((await waiting).reply).toMatchObject({
        outcome: 'switched',
        fingerprint: fingerprint(newKey),
        tlsConnect: 'psk',
        tlsAccept: 'cert,psk',
        oldKey: 'refused',
      });
      expect(node.read(config)).toBe(`${before}${block('cert,psk', agent)}`);
      expect((await world.inspect()).reply).toMatchObject({ outcome: 'inspected', fingerprint: fingerprint(newKey) });

      // Not before the server takes the certificate again.
      expect((await world.restore({ serverWaitS: '1' })).reply).toMatchObject({
        outcome: 'not-accepted',
        says: expect.stringContaining('does not accept the certificate'),
      });
      node.write('/etc/zabbix/server-accepts', 'certificate\n');
      expect((await world.restore()).reply).toMatchObject({
        outcome: 'restored',
        fingerprint: 'certificate',
        oldKey: 'refused',
        lastSwitch: { to: 'certificate' },
      });
      expect(node.read(config)).toBe(before);
      expect(world.runsAs()).toBe('runs as nobody');
      expect((await world.forget('certificate')).reply).toMatchObject({ outcome: 'forgotten' });
      expect(filesOf(node)).toBe(listing);
      expect(node.has(stateDirectory)).toBe(false);
    },
  );

  test('is rotated like any other from then on', async () => {
    const world = await aCertifiedNode();
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
  });

  test('that does not come up with the key is put back by itself', async () => {
    const world = await aCertifiedNode();
    const { node } = world;
    const [before, listing] = [node.read(agentd), filesOf(node)];
    await world.prepare();
    node.write('/etc/zabbix/unusable-keys', newKey);
    expect(await world.switch()).toMatchObject({ exitCode: 20, reply: { outcome: 'agent-did-not-start' } });
    expect(node.read(agentd)).toBe(before);
    expect((await world.restore()).reply).toMatchObject({
      outcome: 'restored',
      again: true,
      fingerprint: 'certificate',
    });
    expect((await world.forget('certificate')).reply).toMatchObject({ outcome: 'forgotten' });
    node.sh('rm /etc/zabbix/unusable-keys');
    expect(filesOf(node)).toBe(listing);
  });

  test.each(['before the key', 'between the key and the configuration', 'after both'])(
    'whose exchange is cut short %s is brought to either end by what comes next',
    async (where) => {
      for (const way of ['forward', 'back'] as const) {
        const world = await aCertifiedNode();
        const { node } = world;
        const before = node.read(agentd);
        await world.prepare();
        expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'switched' });
        node.sh(`cd ${stateDirectory}; printf 'switching\\n' >phase; printf '%s\\n' forward >direction; rm -f result`);
        if (where !== 'after both') node.write(agentd, before);
        if (where === 'before the key') node.sh(`mv ${keyFile} ${keyFile}.next`);
        if (way === 'forward') {
          expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'switched' });
          expect(node.read(agentd)).toBe(`${before}${block('cert,psk', 'zabbix_agentd')}`);
          expect((await world.forget(fingerprint(newKey))).reply).toMatchObject({ outcome: 'forgotten' });
        } else {
          expect((await world.forget('certificate')).reply).toMatchObject({ outcome: 'forgotten' });
          expect(node.read(agentd)).toBe(before);
          expect(node.has(keyFile)).toBe(false);
        }
        expect(filesOf(node)).not.toMatch(/next|previous/);
      }
    },
  );

  test.each([
    { agent: 'zabbix_agentd', outcome: 'prepared' },
    { agent: 'zabbix_agent2', outcome: 'refused' },
  ] as const)('and names cipher suites for them: $agent is $outcome', async ({ agent, outcome }) => {
    const config = `/etc/zabbix/${agent}.conf`;
    const before = (node: ThrowAwayNode) => node.write(config, `${node.read(config)}TLSCipherCert=ECDHE-ECDSA\n`);
    const world = await aCertifiedNode({ agent, before });
    expect((await world.prepare()).reply).toMatchObject({
      outcome,
      ...(outcome === 'prepared' ? {} : { says: expect.stringContaining('agent 2 does not start once it takes') }),
    });
    expect(world.node.read(config)).not.toContain('First key');
  });

  test('and takes a key already is told to put that into the secret', async () => {
    const world = await aCertifiedNode({
      before: (node) => {
        node.write('/etc/zabbix/psk.key', `${oldKey}\n`, 0o400);
        node.write(
          '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
          'TLSAccept=cert,psk\nTLSPSKIdentity=web-01.old\nTLSPSKFile=/etc/zabbix/psk.key\n',
        );
      },
    });
    expect((await world.prepare()).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringContaining('uses certificates'),
    });
  });
});

describe.skipIf(!namespacesWork())('a proxy that uses certificates', { concurrent: true }, () => {
  test.each([
    { mode: 'active', lines: 'TLSConnect=psk\n' },
    { mode: 'passive', lines: 'TLSAccept=psk\n' },
  ])('that is $mode is told what it reads, and takes nothing but the key from the server', async ({ mode, lines }) => {
    const config = '/etc/zabbix/zabbix_proxy.conf';
    const world = await aCertifiedNode({
      proxy: 'alone',
      before: (node) => node.write(config, `${node.read(config)}ProxyMode=${mode === 'active' ? 0 : 1}\n`),
    });
    const { node } = world;
    const before = node.read(config);
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared', gates: [], fingerprint: 'certificate' });
    expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'switched', agent: 'zabbix_proxy' });
    expect(node.read(config)).toBe(
      `${before}# First key, by zabbix-psk-rotation\n${lines}TLSPSKIdentity=web-01.new\nTLSPSKFile=/etc/zabbix/zabbix_proxy.psk\n# End of the first key\n`,
    );
    expect((await world.inspect()).reply).toMatchObject({ outcome: 'inspected', fingerprint: fingerprint(newKey) });
    expect((await world.restore({ gate: 'now' })).reply).toMatchObject({
      outcome: 'restored',
      fingerprint: 'certificate',
    });
    expect(node.read(config)).toBe(before);
  });
});
