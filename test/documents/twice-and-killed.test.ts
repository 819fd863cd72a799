import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { aPreparedNode, bothAccepted, dropIn, keyFile, untouched } from './prepared-node.ts';
import { fingerprint, namespacesWork, newKey, oldKey } from './throw-away-node.ts';

describe.skipIf(!namespacesWork())('a switch that is', { concurrent: true }, () => {
  test('delivered twice joins the first and gives the same account', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const first = world.switch();
    await world.until('armed');
    const second = world.switch();
    await sleep(200);
    world.node.write('/etc/zabbix/server-accepts', bothAccepted);
    const [one, two] = await Promise.all([first, second]);
    expect(one.reply).toMatchObject({ outcome: 'switched' });
    expect(one.reply.again).toBeUndefined();
    expect(two.reply).toMatchObject({ outcome: 'switched', again: true, lastSwitch: one.reply.lastSwitch });
    expect(world.node.read('/var/log/agent.log').match(/runs as web-01.new/g)).toHaveLength(1);
  });

  test('killed while it waits leaves the agent alone and can be sent again', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const killed = world.switch();
    await world.until('armed');
    world.node.killCommands();
    await killed;
    expect((await world.node.run('inspect')).reply).toMatchObject({
      rotation: { phase: 'prepared' },
      fingerprint: fingerprint(oldKey),
    });
    world.node.write('/etc/zabbix/server-accepts', bothAccepted);
    expect((await world.switch()).reply).toMatchObject({ outcome: 'switched', oldKey: 'accepted' });
  });

  test('killed during the exchange is carried through all the same', async () => {
    const world = await aPreparedNode();
    const killed = world.switch({ gate: 'now' });
    // Its first act; before that the command has not let go of it.
    await world.appears(`${keyFile}.previous`);
    world.node.killCommands();
    expect((await killed).stdout).toBe('');
    await world.until('switched');
    expect((await world.switch()).reply).toMatchObject({
      outcome: 'switched',
      again: true,
      fingerprint: fingerprint(newKey),
    });
  });

  test('interrupted by the end of the node, on a key with which the agent does not start, is undone to the last byte', async () => {
    const world = await anInterrupted('configuration');
    world.node.write('/etc/zabbix/unusable-keys', `${newKey}\n`);
    expect((await world.switch()).reply).toMatchObject({ outcome: 'refused', says: expect.stringMatching(/restored/) });
    untouched(world.node);
    expect(world.runsAs()).toBe('runs as web-01.old');
  });

  test('interrupted by the end of the node is left as it is by prepare of the same rotation, and finished by switch', async () => {
    const world = await anInterrupted('phase');
    expect((await world.prepare()).reply).toMatchObject({
      outcome: 'prepared',
      rotation: { phase: 'switching' },
      fingerprint: fingerprint(oldKey),
    });
    expect(world.node.read(keyFile)).toBe(`${oldKey}\n`);
    expect((await world.switch()).reply).toMatchObject({ outcome: 'switched', fingerprint: fingerprint(newKey) });
    expect(world.runsAs()).toBe('runs as web-01.new');
  });

  test.each([
    { stays: 'new', key: newKey },
    { stays: 'old', key: oldKey },
  ])(
    'interrupted by the end of the node is brought to the $stays key by the forget that it is to stay by',
    async (one) => {
      const world = await anInterrupted('configuration');
      const { reply } = await world.forget(one.key);
      expect(reply).toMatchObject({ outcome: 'forgotten', fingerprint: fingerprint(one.key), running: true });
      expect(world.runsAs()).toBe(`runs as web-01.${one.stays}`);
      expect(world.node.read(keyFile)).toBe(`${one.key}\n`);
      expect(world.node.read(dropIn)).toContain(`TLSPSKIdentity=web-01.${one.stays}\n`);
    },
  );

  test('interrupted by the end of the node is undone by prepare for another version', async () => {
    const world = await anInterrupted('phase');
    expect((await world.prepare({ versionId: 'f'.repeat(36) })).reply).toMatchObject({
      outcome: 'prepared',
      rotation: { phase: 'prepared' },
      fingerprint: fingerprint(oldKey),
    });
    untouched(world.node);
    expect(world.runsAs()).toBe('runs as web-01.old');
  });

  test('interrupted by the end of the node is finished by whatever comes next', async () => {
    const world = await anInterrupted('phase');
    expect((await world.switch()).reply).toMatchObject({
      outcome: 'switched',
      fingerprint: fingerprint(newKey),
      running: true,
    });
    expect(world.runsAs()).toBe('runs as web-01.new');
    expect(world.node.read(`${keyFile}.previous`)).toBe(`${oldKey}\n`);
  });
});

/** A node that went down during its switch: after the phase was noted, or after the configuration had been written too. */
async function anInterrupted(after: 'phase' | 'configuration') {
  const world = await aPreparedNode();
  const inItsPlace = (program: string, script: string) => {
    world.node.write(`/opt/${program}`, `#!/bin/sh\n${script}\n`, 0o755);
    world.node.sh(`cp /opt/${program} /usr/local/sbin/${program}`);
  };
  // The worker's own death, at a command that it is about to run.
  if (after === 'configuration')
    inItsPlace(
      'mv',
      `case " $* " in *' ${keyFile}.next ${keyFile} '*) /bin/rm -f "$0"; kill -9 $PPID ;; *) exec /bin/mv "$@" ;; esac`,
    );
  // Or everybody's, when the worker is about to begin: nobody ever writes into that pipe.
  else inItsPlace('setsid', 'rm -f "$0"; mkfifo /opt/never; read -r _ </opt/never');
  const interrupted = world.switch({ gate: 'now' });
  if (after === 'phase') {
    await world.appears('/opt/never');
    world.node.killCommands();
    world.node.sh(
      "for p in $(grep -ls '[e]xchange' /proc/[0-9]*/cmdline | tr -dc '0-9\\n'); do kill -9 $p 2>/dev/null; done; kill -9 $(cat /run/zabbix_agentd.pid); true",
    );
  }
  await interrupted;
  expect(world.phase()).toBe('switching');
  if (after === 'configuration') expect(world.node.read(dropIn)).toContain('web-01.new');
  return world;
}
