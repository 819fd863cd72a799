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
  stateDirectory,
  type ThrowAwayNode,
  versionId,
} from './throw-away-node.ts';

describe.skipIf(!namespacesWork())('restore', { concurrent: true }, () => {
  test('puts the previous key back when the server accepts it', async () => {
    const world = await aPreparedNode();
    await world.switch({ gate: 'now' });
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const { exitCode, reply } = await world.restore();
    expect(reply).toMatchObject({
      outcome: 'restored',
      fingerprint: fingerprint(oldKey),
      identity: 'web-01.old',
      lastSwitch: { to: fingerprint(oldKey), oldKey: 'refused' },
    });
    expect(exitCode).toBe(0);
    untouched(world.node);
    expect(world.runsAs()).toBe('runs as web-01.old');
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', again: true });
    expect((await world.switch()).reply).toMatchObject({ outcome: 'refused' });
  });

  test('stays on the new key when the server does not accept the previous one', async () => {
    const world = await aPreparedNode();
    await world.switch({ gate: 'now' });
    world.node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
    const { exitCode, reply } = await world.restore({ serverWaitS: '1' });
    expect(reply).toMatchObject({ outcome: 'not-accepted', fingerprint: fingerprint(newKey) });
    expect(exitCode).toBe(20);
    expect((await world.node.run('inspect')).reply).toMatchObject({ rotation: { phase: 'switched' } });
  });

  test('calls off a switch that waits, for good', async () => {
    const world = await aPreparedNode();
    world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
    const waiting = world.switch();
    await world.until('armed');
    expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', again: true });
    world.node.write('/etc/zabbix/server-accepts', bothAccepted);
    const called = await waiting;
    expect(called.reply).toMatchObject({
      outcome: 'not-accepted',
      says: expect.stringMatching(/called off by restore/),
    });
    expect(called.exitCode).toBe(20);
    expect((await world.switch()).exitCode).toBe(10);
    untouched(world.node);
    expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared' });
  });

  describe('where the agent went back by itself', () => {
    const starts = (world: { node: ThrowAwayNode }) =>
      world.node.read('/var/log/agent.log').match(/runs as web-01.old/g)?.length;

    /** The new key was no good; the server has it still. */
    async function aNodeThatWentBack() {
      const world = await aPreparedNode();
      world.node.write('/etc/zabbix/unusable-keys', `${newKey}\n`);
      expect((await world.switch({ gate: 'now' })).reply).toMatchObject({ outcome: 'agent-did-not-start' });
      world.node.write('/etc/zabbix/server-accepts', `web-01.new ${newKey}\n`);
      expect(starts(world)).toBe(2);
      return world;
    }

    test('starts an agent that asks anew once the server accepts the previous key, and only once', async () => {
      const world = await aNodeThatWentBack();
      const waiting = world.restore();
      await world.until('armed');
      await sleep(300);
      expect(starts(world)).toBe(2);
      world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
      const { exitCode, reply } = await waiting;
      expect(reply).toMatchObject({
        outcome: 'restored',
        again: true,
        running: true,
        fingerprint: fingerprint(oldKey),
        lastSwitch: { gate: 'shadow-agent', to: fingerprint(oldKey) },
      });
      expect(exitCode).toBe(0);
      expect(starts(world)).toBe(3);
      untouched(world.node);

      const second = await world.restore();
      expect(second.reply).toMatchObject({ outcome: 'restored', again: true, running: true });
      expect(second.exitCode).toBe(0);
      expect(starts(world)).toBe(3);
      expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
    });

    test('a restore that is delivered twice starts it once', async () => {
      const world = await aNodeThatWentBack();
      const first = world.restore();
      await world.until('armed');
      const second = world.restore();
      await sleep(200);
      expect((await world.switch()).reply).toMatchObject({ outcome: 'refused' });
      expect((await world.prepare()).reply).toMatchObject({ outcome: 'refused' });
      world.node.write('/etc/zabbix/server-accepts', `web-01.old ${oldKey}\n`);
      for (const { exitCode, reply } of await Promise.all([first, second])) {
        expect(reply).toMatchObject({ outcome: 'restored', fingerprint: fingerprint(oldKey) });
        expect(exitCode).toBe(0);
      }
      expect(starts(world)).toBe(3);
    });

    test('a restore that is killed while it waits, or waits in vain, leaves the agent alone', async () => {
      const world = await aNodeThatWentBack();
      const killed = world.restore();
      await world.until('armed');
      world.node.killCommands();
      await killed;
      expect((await world.node.run('inspect')).reply).toMatchObject({ rotation: { phase: 'restored' } });
      expect((await world.switch()).reply).toMatchObject({ outcome: 'refused' });
      const { exitCode, reply } = await world.restore({ serverWaitS: '1' });
      expect(reply).toMatchObject({ outcome: 'restored', again: true, running: true });
      expect(exitCode).toBe(0);
      expect(starts(world)).toBe(2);
      expect((await world.prepare()).reply).toMatchObject({ outcome: 'prepared' });
    });

    test('a restore that is killed during the restart is carried through all the same', async () => {
      const world = await aNodeThatWentBack();
      world.node.write('/etc/zabbix/server-accepts', bothAccepted);
      const script = '/etc/init.d/zabbix-agent';
      world.node.write(script, world.node.read(script).replace('stop)', 'stop) : >/run/stopping; sleep 0.5;'), 0o755);
      const killed = world.restore();
      await world.appears('/run/stopping');
      world.node.killCommands();
      await killed;
      await world.until('restored');
      expect(starts(world)).toBe(3);
      expect((await world.restore()).reply).toMatchObject({ outcome: 'restored', again: true, running: true });
      expect(starts(world)).toBe(3);
    });
  });

  test('keeps what a human wrote into the configuration file meanwhile', async () => {
    const world = await aPreparedNode();
    await world.switch({ gate: 'now' });
    world.node.write(dropIn, `# a human was here\n${world.node.read(dropIn)}`);
    await world.restore({ gate: 'now' });
    expect(world.node.read(dropIn)).toMatch(/^# a human was here\n[\s\S]*TLSPSKIdentity=web-01.old\n/);
  });

  test('finds nothing to do on a node that knows of no rotation', async () => {
    const node = await aRunningNode();
    const { exitCode, reply } = await node.run('restore', { gate: 'now', notAfter: inSeconds(60) });
    expect(reply).toMatchObject({ outcome: 'restored', again: true, fingerprint: fingerprint(oldKey) });
    expect(exitCode).toBe(0);
    expect(node.has(stateDirectory)).toBe(false);
  });
});

describe.skipIf(!namespacesWork())('forget', { concurrent: true }, () => {
  test('refuses while the key in place is not the one that is to stay', async () => {
    const world = await aPreparedNode();
    await world.switch({ gate: 'now' });
    const { exitCode, reply } = await world.forget(oldKey);
    expect(reply).toMatchObject({ outcome: 'refused', fingerprint: fingerprint(newKey) });
    expect(exitCode).toBe(10);
    expect(world.node.has(`${keyFile}.previous`)).toBe(true);
  });

  test('leaves another rotation alone', async () => {
    const world = await aPreparedNode();
    const { exitCode } = await world.node.run('forget', {
      versionId: 'f'.repeat(36),
      fingerprint: fingerprint(oldKey),
    });
    expect(exitCode).toBe(10);
    expect(world.phase()).toBe('prepared');
    expect(world.node.read(`${stateDirectory}/versionId`).trim()).toBe(versionId);
  });
});
