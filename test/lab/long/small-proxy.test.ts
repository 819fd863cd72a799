import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { SmallProxy, SmallProxyOptions } from '../hosts/small-proxy.ts';
import type { ZabbixVersion } from '../release.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';

type Row = Required<Pick<SmallProxyOptions, 'mode' | 'backend'>>;

/** Each mode and each database on each release. */
const rows: Readonly<Record<ZabbixVersion, readonly Row[]>> = {
  '6.0': [
    { mode: 'active', backend: 'sqlite3' },
    { mode: 'passive', backend: 'postgresql' },
  ],
  '7.0': [
    { mode: 'active', backend: 'postgresql' },
    { mode: 'passive', backend: 'sqlite3' },
  ],
};

/** Zabbix' protocol begins with it, and what follows may be compressed: where it cannot be read, nothing can. */
const inClear = ['ZBXD'];

describe.each(['6.0', '7.0'] as const)('a proxy of Zabbix %s', (version) => {
  let lab: ZabbixLab;
  beforeAll(async () => {
    // 6.0 hands a passive proxy its configuration once in an hour by default.
    lab = await startZabbix({ version, server: { parameters: { ProxyConfigFrequency: '5' } } });
  });
  afterAll(() => lab.stop());

  test.concurrent.each<Row>(rows[version])(
    '$mode, on $backend: the server hears of it with its key and with no other; nothing is lost meanwhile and nothing can be read',
    async ({ mode, backend }) => {
      const name = `${mode}-${backend}`;
      const proxy = await lab.proxy({ name, mode, backend });
      const capture = await lab.captureBetween(proxy.ip, lab.server.ip);
      const inside = await lab.host({ name: `behind-${name}`, behind: proxy, psk: null });
      expect(await proxy.zabbixHolds(proxy.credential)).toBe(true);

      const next = nextOf(proxy);
      const fromMs = Date.now();
      await proxy.giveZabbix(next);
      expect(await proxy.zabbixHolds(next)).toBe(true);
      expect(await proxy.zabbixHolds(proxy.credential)).toBe(false);
      await silent(proxy);

      await proxy.giveProxy(next);
      await proxy.restartProxy();
      const sinceMs = Date.now();
      await proxy.awaitSeen(sinceMs);
      await inside.awaitValues(sinceMs);
      const { lost, samplesMs } = await inside.history('active', { fromMs });
      expect(lost).toBe(0);
      expect(samplesMs.length).toBeGreaterThan(5);

      const traffic = await capture.stop();
      expect(traffic.empty).toBe(false);
      expect(traffic.readable(inClear)).toEqual([]);
    },
  );

  test.concurrent('without a key can be read on the wire', async () => {
    const proxy = await lab.proxy({ name: 'plain', psk: null });
    const capture = await lab.captureBetween(proxy.ip, lab.server.ip);
    await proxy.awaitSeen(Date.now());
    expect((await capture.stop()).readable(inClear)).toEqual(inClear);
  });

  test.concurrent('can share its machine and its key file with an agent that reports to the server', async () => {
    const keyFile = { path: '/etc/zabbix/zabbix_proxy.psk' };
    const proxy = await lab.proxy({ name: 'shared', identity: 'psk_remote', agent: 'zabbix_agentd', keyFile });
    const { identity, psk } = proxy.credential;
    const host = await lab.host({ name: 'shared-host', on: proxy, identity, psk, keyFile });
    expect([host.instanceId, host.ip, host.keyFile]).toEqual([proxy.node.instanceId, proxy.ip, proxy.keyFile]);
    await proxy.awaitSeen(Date.now());
  });

  test.concurrent('watches hosts that have a key of their own', async () => {
    const proxy = await lab.proxy({ name: 'site' });
    await Promise.all(
      (['zabbix_agentd', 'zabbix_agent2'] as const).map((agent) =>
        lab.host({ name: `in-site-${agent}`, behind: proxy, agent }),
      ),
    );
  });

  test.concurrent.each([
    { fault: 'cannotStartWithNewKey', up: false },
    { fault: 'hangsAfterStart', up: true },
  ] as const)('that $fault is well with the old key only', async ({ fault, up }) => {
    const proxy = await lab.proxy({ name: fault });
    await proxy.inflict(fault);
    await proxy.restartProxy();
    await proxy.awaitSeen(Date.now());

    const next = nextOf(proxy);
    await proxy.giveProxy(next);
    await proxy.giveZabbix(next);
    await proxy.machine.must(['service', proxy.paths.service, 'restart']);
    await eventually(`the proxy is ${up ? 'up' : 'down'}`, async () => (await proxy.proxyRuns()) === up);
    await silent(proxy);

    await proxy.giveProxy(proxy.credential);
    await proxy.giveZabbix(proxy.credential);
    await proxy.restartProxy();
    await proxy.awaitSeen(Date.now());
  });
});

function nextOf({ name }: SmallProxy) {
  return { identity: `${name}.next`, psk: randomBytes(32).toString('hex') };
}

/** Longer than it takes Zabbix to store when it last heard of a proxy, which it does every six seconds or so. */
async function silent(proxy: SmallProxy): Promise<void> {
  const silentS = async () => Date.now() / 1000 - (await proxy.lastAccessS());
  await eventually('the server hears nothing', async () => (await silentS()) > 10, { everyMs: 500 });
}
