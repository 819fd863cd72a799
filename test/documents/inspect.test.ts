import { describe, expect, test } from 'vitest';
import {
  aNode,
  aRunningNode,
  fingerprint,
  instanceId,
  namespacesWork,
  oldKey,
  stateDirectory,
} from './throw-away-node.ts';

const psk = (identity: string) =>
  `TLSConnect=psk\nTLSAccept=psk\nTLSPSKIdentity=${identity}\nTLSPSKFile=/etc/zabbix/psk.key\n`;

describe.skipIf(!namespacesWork())('inspect', { concurrent: true }, () => {
  test('a key file with a byte order mark is told by that name', async () => {
    const node = await aRunningNode();
    node.write('/etc/zabbix/psk.key', `\uFEFF${oldKey}\n`, 0o400);
    const { exitCode, reply } = await node.run('inspect', { config: 'auto' });
    expect(exitCode).toBe(10);
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringContaining('begins with a byte order mark') });
    expect(reply).not.toHaveProperty('fingerprint');
  });

  test('tells what is there and changes nothing', async () => {
    const node = await aRunningNode();
    const files = () => node.sh('find /etc/zabbix /var/lib /tmp -printf "%p %m %s %T@\n" | sort');
    const before = files();

    const { exitCode, reply, stderr } = await node.run('inspect', { config: 'auto' });

    expect(reply).toMatchObject({
      zabbixPsk: 1,
      verb: 'inspect',
      node: instanceId,
      outcome: 'inspected',
      agent: 'zabbix_agentd',
      version: '6.0.14',
      config: '/etc/zabbix/zabbix_agentd.conf',
      hostname: 'web-01',
      identity: 'web-01.old',
      identityFile: '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
      keyFile: '/etc/zabbix/psk.key',
      fingerprint: fingerprint(oldKey),
      keyOwner: 'root:root',
      keyMode: '0400',
      keyBytes: 32,
      server: '192.0.2.1',
      serverActive: '192.0.2.1',
      listenPort: 10050,
      passive: true,
      active: true,
      running: true,
      service: 'init:zabbix-agent',
      rotation: null,
      lastSwitch: null,
    });
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(files()).toBe(before);
  });

  test.each([
    ['zabbix_agentd', 'Compiled with GnuTLS 3.8.9\nRunning with GnuTLS 3.8.9', 'GnuTLS 3.8.9'],
    [
      'zabbix_agentd',
      'Compiled with OpenSSL 1.1.1n  15 Mar 2022\nRunning with OpenSSL 1.1.1  11 Sep 2018',
      'OpenSSL 1.1.1  11 Sep 2018',
    ],
    [
      'zabbix_agent2',
      'This product includes software developed by the OpenSSL Project\nfor use in the OpenSSL Toolkit (http://www.openssl.org/).\n\nCompiled with OpenSSL 3.5.5 27 Jan 2026\nRunning with OpenSSL 3.5.9 29 Sep 2026\n\nWe use the library go-modbus (goburrow/modbus), which is',
      'OpenSSL 3.5.9 29 Sep 2026',
    ],
  ] as const)(
    'tells the library that %s runs with, which need not be the one it was built with',
    async (agent, words, tlsLibrary) => {
      const node = await aNode({ agent });
      node.write('/etc/zabbix/tls-library', words);
      const { reply } = await node.run('inspect', { config: 'auto' });
      expect(reply).toMatchObject({ agent, version: '6.0.14', tlsLibrary });
    },
  );

  test('tells no library where the program does not', async () => {
    const node = await aNode();
    const { reply } = await node.run('inspect', { config: 'auto' });
    expect(reply).not.toHaveProperty('tlsLibrary');
  });

  test('finds an agent that is installed and does not run', async () => {
    const node = await aNode();
    const { reply } = await node.run('inspect', { config: 'auto' });
    expect(reply).toMatchObject({ outcome: 'inspected', running: false, agent: 'zabbix_agentd' });
  });

  test('prefers the configuration that the running agent was started with', async () => {
    const node = await aNode();
    node.write(
      '/srv/monitoring/agent.conf',
      `PidFile=/run/other.pid\nHostname=web-02\nServer=192.0.2.1\n${psk('web-02')}`,
    );
    node.sh(
      'setsid zabbix_agentd -c /srv/monitoring/agent.conf >/dev/null 2>&1 & for i in $(seq 100); do [ -s /run/other.pid ] && break; sleep 0.02; done',
    );
    const { reply } = await node.run('inspect', { config: 'auto' });
    expect(reply).toMatchObject({ config: '/srv/monitoring/agent.conf', identity: 'web-02', running: true });
  });

  describe('reads the configuration as the agent does:', () => {
    test('what stands after the Include beats the drop-in', async () => {
      const node = await aNode();
      const main = node.read('/etc/zabbix/zabbix_agentd.conf');
      node.write('/etc/zabbix/zabbix_agentd.conf', `${main}TLSPSKIdentity=in-main\n`);
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({ identity: 'in-main', identityFile: '/etc/zabbix/zabbix_agentd.conf' });
    });

    test('what stands before the Include loses to the drop-in', async () => {
      const node = await aNode();
      const main = node.read('/etc/zabbix/zabbix_agentd.conf');
      node.write('/etc/zabbix/zabbix_agentd.conf', `TLSPSKIdentity=in-main\n${main}`);
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({ identity: 'web-01.old' });
    });

    test('blanks around the equals sign, tabs, CRLF, comments and an empty last line do not matter', async () => {
      const node = await aNode();
      node.write(
        '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
        '# TLSPSKIdentity=commented\r\n  TLSConnect = psk \r\n\tTLSAccept\t=\tunencrypted, psk\r\nTLSPSKIdentity =  with inner blank \r\nTLSPSKFile=/etc/zabbix/psk.key\r\n#TLSPSKIdentity=later\r\n\r\n',
      );
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({
        outcome: 'inspected',
        identity: 'with inner blank',
        tlsAccept: 'unencrypted, psk',
      });
    });

    test('agent 2 takes drop-ins by name', async () => {
      const node = await aNode({ agent: 'zabbix_agent2' });
      for (const name of ['zz', '50', 'aa', 'ZZ']) {
        node.write(`/etc/zabbix/zabbix_agent2.d/${name}.conf`, `TLSPSKIdentity=${name}\n`);
      }
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({ identity: 'zz', identityFile: '/etc/zabbix/zabbix_agent2.d/zz.conf' });
    });

    test('zabbix_agentd takes drop-ins as the directory lists them', async () => {
      const node = await aNode();
      for (const name of ['zz', '50', 'aa', '.hidden', 'ZZ', 'm1', 'm2']) {
        node.write(`/etc/zabbix/zabbix_agentd.conf.d/${name}.conf`, `TLSPSKIdentity=${name}\n`);
      }
      const last = node.sh('ls -UA /etc/zabbix/zabbix_agentd.conf.d | grep -v psk | tail -n 1').trim();
      node.sh('rm /etc/zabbix/zabbix_agentd.conf.d/psk.conf');
      node.write('/etc/zabbix/zabbix_agentd.conf', `${psk('main')}${node.read('/etc/zabbix/zabbix_agentd.conf')}`);
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({ identity: last.replace(/\.conf$/, '') });
    });

    test.each([
      { include: '/etc/zabbix/extra/one.conf', reads: ['one.conf'] },
      { include: '/etc/zabbix/extra', reads: ['one.conf', 'two.conf', 'two.conf.bak'] },
      { include: '/etc/zabbix/extra/', reads: ['one.conf', 'two.conf', 'two.conf.bak'] },
      { include: '/etc/zabbix/extra/t*.conf', reads: ['two.conf'] },
      { include: './extra/two.conf', reads: ['two.conf'] },
      { include: 'extra/*.bak', reads: ['two.conf.bak'] },
      { include: '/etc/zabbix/nowhere/*.conf', reads: ['nothing'] },
    ])('Include=$include', async ({ include, reads }) => {
      const node = await aNode({ agent: 'zabbix_agent2' });
      for (const name of ['one.conf', 'two.conf', 'two.conf.bak']) {
        node.write(`/etc/zabbix/extra/${name}`, `TLSPSKIdentity=${name}\n`);
      }
      node.write('/etc/zabbix/zabbix_agent2.conf', `Server=192.0.2.1\n${psk('nothing')}Include=${include}\n`);
      const { reply } = await node.run('inspect');
      expect(reply).toMatchObject({ identity: reads.at(-1) });
    });
  });

  test('tells of the key of an agent that takes certificates beside it', async () => {
    const node = await aNode();
    node.write('/etc/zabbix/zabbix_agentd.conf.d/psk.conf', `${psk('x')}TLSAccept=psk,cert\n`);
    const { reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'inspected', identity: 'x', tlsAccept: 'psk,cert' });
  });

  test('escapes whatever a value holds, and shortens what is too long for one reply', async () => {
    const node = await aNode();
    const hostname = "we\"b\\01\u0001\u001b[31m </script> =cmd|'/C calc'!A1 Zoë 🔑";
    node.write(
      '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
      `Hostname=${hostname}\nServerActive=${'server-"é"-\u0002,'.repeat(900)}\nServer=${'é'.repeat(3000)}\n${psk(`"${'\\'.repeat(60)}`)}`,
    );
    const { stdout, reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'inspected', hostname, identity: `"${'\\'.repeat(60)}` });
    expect(Buffer.byteLength(stdout)).toBeLessThan(8000);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(stdout).not.toContain('\uFFFD');
  });

  test.each([
    { what: 'no PSK in force', conf: 'TLSConnect=unencrypted\n', says: /uses no PSK/ },
    { what: 'certificates', conf: 'TLSConnect=cert\nTLSAccept=cert\n', says: /uses certificates/ },
    {
      what: 'a certificate that is shown beside a key',
      conf: `${psk('x')}TLSConnect=cert\n`,
      says: /uses certificates/,
    },
    {
      what: 'a missing key file',
      conf: `${psk('x')}TLSPSKFile=/etc/zabbix/none\n`,
      says: /\/etc\/zabbix\/none does not exist/,
    },
    { what: 'an environment variable', conf: `${psk('x')}TLSPSKIdentity=\${PSK_ID}\n`, says: /environment variable/ },
    { what: 'a relative key file', conf: `${psk('x')}TLSPSKFile=psk.key\n`, says: /not an absolute path/ },
  ])('refuses $what, in one sentence', async ({ conf, says }) => {
    const node = await aNode();
    node.write('/etc/zabbix/zabbix_agentd.conf.d/psk.conf', conf);
    const { exitCode, reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(says), config: expect.anything() });
    expect(exitCode).toBe(10);
  });

  test.each([
    ['empty', ''],
    ['odd', `${oldKey}a`],
    ['too short', oldKey.slice(0, 30)],
    ['too long', 'ab'.repeat(257)],
    ['not hex', `${oldKey.slice(2)}zz`],
    ['with a blank', ` ${oldKey}`],
    ['with a second line', `${oldKey}\n${oldKey}\n`],
    ['with a psktool prefix', `psk_remote:${oldKey}`],
  ])('refuses a key file that is %s, and does not repeat it', async (_, text) => {
    const node = await aNode();
    node.write('/etc/zabbix/psk.key', text);
    const { exitCode, stdout, stderr, reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringContaining('/etc/zabbix/psk.key') });
    expect(exitCode).toBe(10);
    expect(stdout + stderr).not.toContain(oldKey.slice(2, 20));
  });

  test.each([
    ['upper case and CRLF', `${oldKey.toUpperCase()}\r\n`],
    ['no line end', oldKey],
    ['two line ends', `${oldKey}\n\n`],
  ])('takes a key file with %s for the same key', async (_, text) => {
    const node = await aNode();
    node.write('/etc/zabbix/psk.key', text);
    const { reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'inspected', fingerprint: fingerprint(oldKey), keyBytes: 32 });
  });

  test('refuses a node without an agent', async () => {
    const node = await aNode();
    node.sh('rm /usr/local/sbin/zabbix_agentd');
    const { exitCode, reply } = await node.run('inspect');
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/^No Zabbix agent is found/) });
    expect(exitCode).toBe(10);
  });

  test('takes "null", which the SSM agent hands over for a missing value, for no value', async () => {
    const node = await aNode();
    const { reply } = await node.run('inspect', { config: 'null' });
    expect(reply).toMatchObject({ outcome: 'inspected', config: '/etc/zabbix/zabbix_agentd.conf' });
  });

  test('leaves no state on the node', async () => {
    const node = await aNode();
    await node.run('inspect');
    expect(node.has(stateDirectory)).toBe(false);
  });
});
