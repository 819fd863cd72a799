import { describe, expect, test } from 'vitest';
import { aPreparedNode, bothAccepted, dropIn, keyFile } from '../documents/prepared-node.ts';
import {
  aRunningNode,
  documentOf,
  namespacesWork,
  newKey,
  oldKey,
  stateDirectory,
} from '../documents/throw-away-node.ts';
import { ArgvSampler } from '../lab/argv-sampler.ts';

/** Other users exist on a throw-away node only where root makes it. */
const isRoot = process.getuid?.() === 0;
const asSomebody = 'setpriv --reuid=1000 --regid=1000 --clear-groups';

describe.skipIf(!namespacesWork() || !isRoot)('another user of the node', { concurrent: true }, () => {
  test('who starts a program by an agent’s name does not have root run it', async () => {
    const node = await aRunningNode();
    node.write('/opt/theirs', '#!/bin/sh\nid -u >>/tmp/ran-by\n', 0o755);
    // A process by that name, whose program has become another one meanwhile.
    node.sh(`chmod 755 /; chmod 1777 /tmp
      ${asSomebody} cp /bin/sleep /tmp/zabbix_agentd
      ${asSomebody} setsid /tmp/zabbix_agentd 1000 >/dev/null 2>&1 </dev/null &
      for i in $(seq 100); do [ "$(grep -lsx zabbix_agentd /proc/[0-9]*/comm | wc -l)" = 2 ] && break; sleep 0.02; done
      ${asSomebody} cp /opt/theirs /tmp/theirs
      ${asSomebody} mv /tmp/theirs /tmp/zabbix_agentd`);

    expect((await node.run('inspect')).reply).toMatchObject({ outcome: 'inspected', agent: 'zabbix_agentd' });

    expect(new Set(node.read('/tmp/ran-by').trim().split('\n'))).toEqual(new Set(['1000']));
  });

  test('finds no key in any file that he may read, while a switch waits and after it', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    world.node.sh('chmod 755 /; chmod 600 /etc/zabbix/server-accepts');
    const found = () =>
      world.node.sh(
        `${asSomebody} grep -rlsi -e ${oldKey} -e ${newKey} /etc /var /run /tmp /opt /root 2>/dev/null || :`,
      );
    const switching = world.switch();
    await world.until('armed');
    expect(world.node.sh(`stat -c %a:%U ${stateDirectory}`).trim()).toBe('700:root');
    expect(world.node.sh(`stat -c %a:%U ${keyFile} ${keyFile}.next`)).toBe('400:root\n400:root\n');
    expect(found()).toBe('');
    world.node.write('/etc/zabbix/server-accepts', bothAccepted, 0o600);
    expect((await switching).reply).toMatchObject({ outcome: 'switched' });
    expect(found()).toBe('');
    await world.forget(newKey);
    expect(world.node.sh(`grep -rlsi ${oldKey} /etc /var /run /tmp || :`)).toBe('/etc/zabbix/server-accepts\n');
  });
});

describe.skipIf(!namespacesWork())('the agent’s own user', { concurrent: true }, () => {
  test.each(['/root/secret', '/run/zabbix/../../root/secret'])(
    'cannot have root remove %s as a pid file',
    async (pidFile) => {
      const node = await aRunningNode({ agent: 'zabbix_agent2' });
      node.write('/root/secret', 'of root\n', 0o600);
      node.sh('mkdir -p /run/zabbix');
      node.write('/opt/functions.sh', documentOf('inspect').replace(/^begin inspect[\s\S]*/m, ''));
      node.sh(`. /opt/functions.sh
      agent=zabbix_agent2 service=init:zabbix-agent2 agent_user=65534:65534 pid_file=${pidFile} config=none default_config=none
      stop_agent`);
      expect(node.read('/root/secret')).toBe('of root\n');
      expect(node.sh('stat -c %u:%a /root/secret').trim()).toBe('0:600');
    },
  );

  test('cannot have root copy another file for him by swapping links', async () => {
    const world = await aPreparedNode();
    const { node } = world;
    node.write('/root/secret', 'of root\n', 0o600);
    // The file is another one while it is read, and itself again when its rights are looked at.
    node.write(
      '/opt/head',
      `#!/bin/sh\ncase "$*" in *'${dropIn}' | *configuration.now) [ -L ${dropIn} ] || { touch /tmp/swapped; mv ${dropIn} /tmp/real; ln -s /root/secret ${dropIn}; } ;; esac\nexec /usr/bin/head "$@"\n`,
      0o755,
    );
    node.write(
      '/opt/chown',
      `#!/bin/sh\n[ ! -L ${dropIn} ] || mv -T /tmp/real ${dropIn}\nexec /bin/chown "$@"\n`,
      0o755,
    );
    node.write(
      '/opt/sync',
      `#!/bin/sh\nfor file in ${dropIn}.*; do grep -qs 'of root' $file && stat -c '%n %a' $file >>/tmp/leaked; done\nexec /bin/sync "$@"\n`,
      0o755,
    );
    node.sh('cp /opt/head /opt/chown /opt/sync /usr/local/sbin/');
    await world.switch({ gate: 'now' });
    // He has tried.
    expect(node.has('/tmp/swapped')).toBe(true);
    expect(node.has('/tmp/leaked')).toBe(false);
  });
});

/** What anybody could read in /proc while a key was exchanged, taken back and forgotten. */
async function argumentsOfAnExchange(): Promise<string> {
  const sampler = await ArgvSampler.start();
  const world = await aPreparedNode();
  expect((await world.switch()).reply).toMatchObject({ outcome: 'switched' });
  expect((await world.restore()).reply).toMatchObject({ outcome: 'restored' });
  expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
  return [...(await sampler.stop())].join('\n').toLowerCase();
}

test.skipIf(!namespacesWork())('no key stands in the arguments of any process, from prepare to forget', async () => {
  // It lives for some milliseconds; on a busy computer nobody may look in that time.
  const shortest = 'openssl pkeyutl -decrypt';
  let seen = '';
  for (let exchange = 0; exchange < 12 && !seen.includes(shortest); exchange += 1)
    seen += await argumentsOfAnExchange();
  expect(seen).toContain(shortest);
  for (const key of [oldKey, newKey]) {
    for (const form of [key, Buffer.from(key, 'hex').toString('base64').toLowerCase()])
      expect(seen).not.toContain(form);
  }
});
