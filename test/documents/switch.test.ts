import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { aPreparedNode, bothAccepted, dropIn, keyFile, untouched } from './prepared-node.ts';
import {
  aRunningNode,
  fingerprint,
  inSeconds,
  namespacesWork,
  newKey,
  oldKey,
  sealed,
  stateDirectory,
  type ThrowAwayNode,
} from './throw-away-node.ts';

describe.skipIf(!namespacesWork())('switch', { concurrent: true }, () => {
  test('waits until every place that the agent reports to accepts the key, and names the one that does not', async () => {
    const world = await aPreparedNode({
      before: (node) => {
        const config = '/etc/zabbix/zabbix_agentd.conf';
        node.write(
          config,
          node.read(config).replace('ServerActive=192.0.2.1', 'ServerActive=192.0.2.1, 192.0.2.2,192.0.2.3'),
        );
        for (const server of ['192.0.2.1', '192.0.2.2']) node.write(`/etc/zabbix/${server}-accepts`, bothAccepted);
        // This one has never taken the agent's key, so it has nothing to lose.
        node.write('/etc/zabbix/192.0.2.3-accepts', '');
      },
    });
    const { node } = world;
    node.write('/etc/zabbix/192.0.2.2-accepts', `web-01.old ${oldKey}\n`);

    const alone = await world.switch({ serverWaitS: '2' });
    expect(alone.reply).toMatchObject({
      outcome: 'not-accepted',
      says: expect.stringContaining('Unable to connect to [192.0.2.2]:10051'),
    });
    untouched(node);

    const waiting = world.switch();
    await world.until('armed');
    node.write('/etc/zabbix/192.0.2.2-accepts', bothAccepted);
    expect((await waiting).reply).toMatchObject({ outcome: 'switched' });
  });

  test('asks less often where it is told to, and is called off all the same', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const { reply } = await world.switch({ serverWaitS: '4', probeEveryS: '3' });
    expect(reply).toMatchObject({ outcome: 'not-accepted', says: expect.stringMatching(/\([23] times asked/) });

    const waiting = world.switch({ probeEveryS: '5' });
    await world.until('armed');
    await sleep(300);
    expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored', again: true });
    expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
    expect((await waiting).reply).toMatchObject({ outcome: 'not-accepted' });
    untouched(world.node);
  });

  test('puts the key in place when the server accepts it, and sees the agent up on it', async () => {
    const world = await aPreparedNode({
      before: (node) => {
        node.write(
          dropIn,
          '# ours\r\nTLSConnect=psk\r\nTLSAccept=psk\r\n TLSPSKIdentity \t= web-01.old \r\nTLSPSKFile=/etc/zabbix/psk.key\r\nTimeout=4',
          0o640,
        );
      },
    });
    const { node } = world;
    if (process.getuid?.() === 0) node.sh(`chown 1234:2345 ${keyFile}`);
    const owner = node.sh(`stat -c %u:%g:%a ${keyFile}`);
    node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);

    const waiting = world.switch();
    await world.until('armed');
    await sleep(300);
    node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
    const { exitCode, reply, stdout, stderr } = await waiting;

    expect(reply).toMatchObject({
      outcome: 'switched',
      identity: 'web-01.new',
      fingerprint: fingerprint(newKey),
      running: true,
      gate: 'shadow-agent',
      oldKey: 'refused',
      lastSwitch: { gate: 'shadow-agent', oldKey: 'refused', to: fingerprint(newKey), downMs: expect.any(Number) },
    });
    expect(exitCode).toBe(0);
    expect(node.read(keyFile)).toBe(`${newKey}\n`);
    expect(node.read(`${keyFile}.previous`)).toBe(`${oldKey}\n`);
    expect(node.sh(`stat -c %u:%g:%a ${keyFile}`)).toBe(owner);
    expect(node.sh(`stat -c %u:%g:%a ${keyFile}.previous`)).toBe(owner);
    expect(node.read(dropIn)).toBe(
      '# ours\r\nTLSConnect=psk\r\nTLSAccept=psk\r\n TLSPSKIdentity \t= web-01.new \r\nTLSPSKFile=/etc/zabbix/psk.key\r\nTimeout=4',
    );
    expect(node.read(`${dropIn}.previous`)).toContain('web-01.old');
    expect(node.sh(`stat -c %a ${dropIn}`).trim()).toBe('640');
    expect(world.runsAs()).toBe('runs as web-01.new');
    expect(stdout + stderr).not.toContain(newKey.slice(0, 16));
    expect(
      node.sh(
        `grep -rl ${newKey} / --include=* -s --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude-dir=usr --exclude-dir=lib --exclude-dir=bin --exclude-dir=sbin | sort`,
      ),
    ).toBe('/etc/zabbix/psk.key\n/etc/zabbix/server-accepts\n');

    expect((await world.switch()).reply).toMatchObject({
      outcome: 'switched',
      again: true,
      lastSwitch: reply.lastSwitch,
    });
    expect((await world.forget(newKey)).reply).toMatchObject({
      outcome: 'forgotten',
      lastSwitch: reply.lastSwitch,
      rotation: null,
    });
    expect(node.sh('ls -A /etc/zabbix /etc/zabbix/zabbix_agentd.conf.d /tmp /var/lib')).not.toMatch(
      /previous|next|zabbix-psk/,
    );
    expect((await world.forget(newKey)).reply).toMatchObject({ outcome: 'forgotten', lastSwitch: null });
  });

  test('keeps the identity and the configuration file when it is told to', async () => {
    const world = await aPreparedNode();
    const inode = world.node.sh(`stat -c %i%y ${dropIn}`);
    const { reply } = await world.switch({ identity: 'keep', gate: 'now' });
    expect(reply).toMatchObject({
      outcome: 'switched',
      identity: 'web-01.old',
      oldKey: 'not-asked',
      waitedMs: 0,
      probes: 0,
    });
    expect(world.node.sh(`stat -c %i%y ${dropIn}`)).toBe(inode);
    expect(world.node.read(keyFile)).toBe(`${newKey}\n`);
  });

  test('restarts the agent through systemd where systemd runs', async () => {
    const systemctl = `#!/bin/sh
echo "$*" >>/var/log/systemctl.log
case "$1 $2" in
'stop zabbix-agent.service') kill "$(cat /run/zabbix_agentd.pid)" ;;
'start zabbix-agent.service') setsid zabbix_agentd >/dev/null 2>&1 </dev/null & ;;
'cat zabbix-agent.service' | 'reset-failed zabbix-agent.service') ;;
*) exit 1 ;;
esac
`;
    const world = await aPreparedNode({
      before: (node) => {
        node.sh('mkdir -p /run/systemd/system; rm /etc/init.d/*');
        node.write('/opt/systemctl', systemctl, 0o755);
        node.sh('cp /opt/systemctl /usr/local/sbin/systemctl');
      },
    });
    const { reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({ outcome: 'switched', service: 'systemd:zabbix-agent' });
    expect(world.node.read('/var/log/systemctl.log')).toMatch(
      /stop zabbix-agent.service\n.*\nstart zabbix-agent.service/,
    );
  });

  test('keeps the old configuration out of a directory that the agent reads as a whole', async () => {
    const world = await aPreparedNode({
      before: (node) =>
        node.write(
          '/etc/zabbix/zabbix_agentd.conf',
          node.read('/etc/zabbix/zabbix_agentd.conf').replace('/*.conf', ''),
        ),
    });
    const { reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({ outcome: 'switched', identity: 'web-01.new' });
    expect(world.node.has(`${dropIn}.previous`)).toBe(false);
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', identity: 'web-01.old' });
  });

  test('opens at the line in the log with which the running agent refuses the new identity', async () => {
    const world = await aPreparedNode();
    const waiting = world.switch({ gate: 'agent-log' });
    await world.until('armed');
    await sleep(100);
    const line = (identity: string) =>
      `1:20261123:014834.601 cannot find requested PSK identity "${identity}", available PSK identity "web-01.old"`;
    world.node.sh(`echo '${line('web-01.new2')}' >>/var/log/agent.log`);
    await sleep(1200);
    expect(world.phase()).toBe('armed');
    world.node.sh(`echo '${line('web-01.new')}' >>/var/log/agent.log`);
    expect((await waiting).reply).toMatchObject({ outcome: 'switched', gate: 'agent-log', oldKey: 'not-asked' });
  });

  test('gives up when the server does not accept the key in time; the agent is never touched', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const pid = world.node.read('/run/zabbix_agentd.pid');
    const { exitCode, reply } = await world.switch({ serverWaitS: '1' });
    expect(reply).toMatchObject({ outcome: 'not-accepted', fingerprint: fingerprint(oldKey) });
    expect(exitCode).toBe(20);
    untouched(world.node);
    expect(world.node.read('/run/zabbix_agentd.pid')).toBe(pid);
  });

  test('puts the old key back when the agent does not come up on the new one', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/unusable-keys', `${newKey}\n`);
    const { exitCode, reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({
      outcome: 'agent-did-not-start',
      fingerprint: fingerprint(oldKey),
      running: true,
      says: expect.stringContaining('invalid PSK in file'),
    });
    expect(exitCode).toBe(20);
    untouched(world.node);
    expect(world.runsAs()).toBe('runs as web-01.old');
    expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
  });

  test.each(['dc1/web-01', 'x/w /etc/zabbix/written', '\\1 & Zoë 🔑 "$(id)" `id` \'q\' ; # {{ x }} %s\\n\\', 'keep'])(
    'puts the identity %s back as it was, byte for byte, after a start that failed and after a restore',
    async (identity) => {
      const before = `# ours\r\nTLSConnect=psk\nTLSAccept=psk\nTLSPSKFile=/etc/zabbix/psk.key\n\tTLSPSKIdentity  =\t${identity} \t\r`;
      const world = await aPreparedNode({ before: (node) => node.write(dropIn, before) });
      const etc = world.node.sh('ls -A /etc/zabbix');
      world.node.write('/etc/zabbix/unusable-keys', `${newKey}\n`);
      expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'agent-did-not-start', identity });
      expect(world.node.read(dropIn)).toBe(before);

      world.node.sh('rm /etc/zabbix/unusable-keys');
      expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared', identity });
      expect((await world.switch({ gate: 'now' })).reply).toMatchObject({
        outcome: 'switched',
        identity: 'web-01.new',
      });
      expect(world.node.read(dropIn)).toBe(before.replace(identity, () => 'web-01.new'));
      expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored', identity });
      expect(world.node.read(dropIn)).toBe(before);
      expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten', identity });
      expect(world.node.sh('ls -A /etc/zabbix')).toBe(etc);
    },
    60_000, // six verbs, on a machine that may be busy
  );

  test('claims nothing to be back that is not; restore finishes the way back', async () => {
    const conf = '/etc/zabbix/zabbix_agentd.conf.d';
    const world = await aPreparedNode({
      before: (node) => {
        const script = '/etc/init.d/zabbix-agent';
        // From the restart on the configuration cannot be written any more.
        const readOnly = `start) grep -q ' ${conf} ' /proc/mounts || { mount --bind ${conf} ${conf}; mount -o remount,bind,ro ${conf}; }`;
        node.write('/etc/zabbix/unusable-keys', `${newKey}\n`);
        node.write(
          script,
          node.read(script).replace('start)', () => `${readOnly};`),
          0o755,
        );
      },
    });
    const { exitCode, reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({
      outcome: 'stranded',
      fingerprint: fingerprint(oldKey),
      identity: 'web-01.new',
      says: expect.stringMatching(/in place are the key \w+ and the identity web-01.new, wanted \w+ and web-01.old/),
    });
    expect(exitCode).toBe(30);
    expect((await world.switch({ gate: 'now' })).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringMatching(/half done.*run restore/),
    });
    expect((await world.prepare()).reply).toMatchObject({
      outcome: 'refused',
      says: expect.stringMatching(/half done.*run restore/),
    });

    world.node.sh(
      `umount ${conf}; printf '#!/bin/sh\nexit 0\n' >/opt/mount; cp /opt/mount /usr/local/sbin/mount; chmod 755 /usr/local/sbin/mount`,
    );
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', identity: 'web-01.old', running: true });
    untouched(world.node);
    expect(world.runsAs()).toBe('runs as web-01.old');
  });

  test('is refused when key or identity have changed since it was prepared', async () => {
    const world = await aPreparedNode();
    world.node.write(dropIn, world.node.read(dropIn).replace('web-01.old', 'web-01.human'));
    const { exitCode, reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/has changed since.*web-01.human/) });
    expect(exitCode).toBe(10);
    expect(world.node.has(`${keyFile}.next`)).toBe(false);
  });

  test.each(['now', 'script-execute', 'port-probe'])(
    'does not wait at the gate %s and reports that name',
    async (gate) => {
      const world = await aPreparedNode();
      world.node.write('/etc/zabbix/server-accepts', '');
      const { reply } = await world.switch({ gate });
      expect(reply).toMatchObject({
        outcome: 'switched',
        gate,
        probes: 0,
        oldKey: 'not-asked',
        lastSwitch: { gate, waitedMs: 0 },
      });
      expect((await world.restore({ gate })).reply).toMatchObject({ outcome: 'restored', lastSwitch: { gate } });
    },
  );

  describe('where the agent’s user may write into the directory', () => {
    /** Puts a link to a file of root's in place in the moment in which a name has been made free. */
    const raced = (node: ThrowAwayNode, path: string) => {
      node.write('/root/secret', 'of root\n', 0o600);
      node.write(
        '/opt/rm',
        `#!/bin/sh\n/bin/rm "$@"\ncase " $* " in *' ${path} '*) [ -e ${path} ] || ln -s /root/secret ${path} ;; esac\n`,
        0o755,
      );
      node.sh('cp /opt/rm /usr/local/sbin/rm');
    };
    const rootsOwn = (node: ThrowAwayNode) => {
      expect(node.read('/root/secret')).toBe('of root\n');
      expect(node.sh('stat -c %U:%a /root/secret').trim()).toBe('root:600');
    };

    test.each(['key', 'configuration'])('root follows no link that is put in the way of the new %s', async (what) => {
      const world = await aPreparedNode();
      raced(world.node, what === 'key' ? `${keyFile}.next` : `${dropIn}.next`);
      const { exitCode } = await world.switch({ gate: 'now' });
      expect(exitCode).toBe(what === 'key' ? 10 : 20);
      rootsOwn(world.node);
      expect(world.node.read(keyFile)).toBe(`${oldKey}\n`);
      expect(world.node.read(dropIn)).toContain('TLSPSKIdentity=web-01.old\n');
    });

    test.each(['no directory', 'a directory', 'a link put in the way'])(
      'an agent 2 of an init script gets its pid file made: %s',
      async (what) => {
        const pid = '/run/zabbix/zabbix_agent2.pid';
        const world = await aPreparedNode({
          agent: 'zabbix_agent2',
          before: (node) => {
            if (what !== 'no directory') node.sh('mkdir /run/zabbix');
          },
        });
        if (what === 'a link put in the way') raced(world.node, pid);
        expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'switched', running: true });
        if (what === 'a directory') expect(world.node.sh(`stat -c %a ${pid}`).trim()).toBe('644');
        if (what === 'a link put in the way') rootsOwn(world.node);
      },
    );
  });

  test('says that a human is needed when the agent comes up on neither key; restore starts it once it can', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/unusable-keys', `${newKey}\n${oldKey}\n`);
    const { exitCode, reply } = await world.switch({ gate: 'now' });
    expect(reply).toMatchObject({ outcome: 'stranded', running: false });
    expect(exitCode).toBe(30);
    untouched(world.node);
    world.node.write('/etc/zabbix/unusable-keys', '');
    const restored = await world.restore();
    expect(restored.reply).toMatchObject({ outcome: 'restored', running: true });
    expect(restored.exitCode).toBe(0);
  });

  test.each([
    { what: 'a late command', values: { notAfter: inSeconds(-1) }, says: /was good until/ },
    {
      what: 'a version that is not prepared',
      values: { versionId: 'f'.repeat(36) },
      says: /busy with another rotation/,
    },
    { what: 'a key sealed for another version', sealedFor: 'f'.repeat(36), says: /cannot be opened here/ },
    { what: 'another key than announced', values: { fingerprint: '0123456789ab' }, says: /0123456789ab was announced/ },
    {
      what: 'a gate that this node does not offer',
      values: { gate: 'zabbix-sender' },
      says: /cannot be used on this node/,
    },
  ])('refuses $what and touches nothing', async ({ values, sealedFor, says }) => {
    const world = await aPreparedNode();
    const publicKey = world.node.read(`${stateDirectory}/publicKey`);
    if (values?.gate === 'zabbix-sender') world.node.write(`${stateDirectory}/gates`, '["shadow-agent"]');
    const { exitCode, reply } = await world.switch({
      ...values,
      ...(sealedFor === undefined ? {} : { sealedKey: sealed(newKey, publicKey, sealedFor) }),
    });
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(says) });
    expect(exitCode).toBe(10);
    untouched(world.node);
  });

  test('refuses where nothing is prepared', async () => {
    const node = await aRunningNode();
    const { exitCode, reply } = await node.run('switch', { gate: 'now', notAfter: inSeconds(60) });
    expect(reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/Nothing is prepared/) });
    expect(exitCode).toBe(10);
    expect(node.has(stateDirectory)).toBe(false);
  });
});
