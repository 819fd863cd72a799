import { ZabbixRefused, ZabbixUnreachable } from '../../lambda/errors.ts';
import type { MonitoredHost, Protection, Target } from '../../lambda/rotation/model.ts';
import type { Found, Monitor } from '../../lambda/rotation/ports.ts';
import { limitsOf } from '../../lambda/zabbix/dialect.ts';
import type { JsonRpc } from '../../lambda/zabbix/json-rpc.ts';
import { openSession, type Session } from '../../lambda/zabbix/session.ts';
import type { Invocation } from './invocation.ts';
import { same } from './site.ts';
import { type FakeZabbix, idOf } from './zabbix.ts';

/** As lambda/zabbix/monitor.ts does it: every call may be made twice, and waits for an answer for so long. Milliseconds. */
const pausesMs = [1_000, 3_000];
const answerMs = 20_000;

/** Zabbix as one invocation of ours meets it. */
export function fakeMonitor(invocation: Invocation, zabbix: FakeZabbix): Monitor {
  const { server, hearing } = zabbix;
  let opened: Promise<Session> | undefined;

  /** As lambda/zabbix/monitor.ts does it: once for as long as the invocation lives, and anew where that failed. */
  function session(): Promise<Session> {
    opened ??= openSession({ rpc, access, newerVersions: 'refuse', archive: { append: async () => undefined } }).catch(
      (error: unknown) => {
        opened = undefined;
        throw error;
      },
    );
    return opened;
  }

  const access = () =>
    invocation.call(
      'secretsmanager:GetSecretValue of the access',
      () => zabbix.access,
      () => new Error('Rate exceeded'),
    );

  const rpc: JsonRpc = async ({ method, params, bodyAuth = '' }) => ({
    result: await sent(method, () => {
      if (method === 'apiinfo.version') return '6.0.14';
      if (method === 'user.login') return zabbix.logIn();
      if (!zabbix.knows(bodyAuth)) throw new ZabbixRefused('Session terminated, re-login, please.');
      if (typeof params === 'function') params();
      return undefined;
    }),
    dateS: hearing.serverS,
  });

  /** What is asked is the effect itself, since nothing here is put into words. */
  async function once<T>(method: string, effect: () => T): Promise<T> {
    const answers: T[] = [];
    await (await session()).call(method, () => void answers.push(effect()));
    for (const answer of answers) return answer;
    throw new RangeError(`nobody asked ${method}`);
  }

  async function sent<T>(method: string, effect: () => T): Promise<T> {
    zabbix.calls += 1;
    if (zabbix.silent) {
      await invocation.sleep(answerMs);
      throw new ZabbixUnreachable('Zabbix gave no answer within 20 s');
    }
    return invocation.call(
      `zabbix:${method}`,
      () => {
        if (zabbix.refuses !== undefined) throw zabbix.refuses;
        if (zabbix.down) throw new ZabbixUnreachable('Zabbix at https://zabbix.test/ cannot be reached (ECONNREFUSED)');
        return effect();
      },
      (silent) =>
        silent
          ? new ZabbixUnreachable('Zabbix gave no answer within 20 s')
          : new ZabbixUnreachable('Zabbix answered 502'),
    );
  }

  const ask = <T>(method: string, effect: () => T) => patiently(() => once(method, effect));

  async function patiently<T>(call: () => Promise<T>): Promise<T> {
    for (const pauseMs of pausesMs) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ZabbixUnreachable)) throw error;
        await invocation.sleep(pauseMs);
      }
    }
    return call();
  }

  const hostGet = (id: string) => ask(`${id.startsWith('proxy ') ? 'proxy' : 'host'}.get ${id}`, () => zabbix.host(id));
  const describeAutoregistration = () => ask('autoregistration.get', () => zabbix.describeAutoregistration());
  const describe = (id: string, holds?: Protection) => ask(`item.get ${id}`, () => zabbix.describe(id, holds));

  return {
    async version() {
      await patiently(session);
      return '6.0.14';
    },

    limitsOf,

    async find<C extends Protection>({ kind, name }: Target, among: readonly C[]): Promise<Found<C>> {
      if (kind === 'autoregistration') return { host: await describeAutoregistration(), holds: 'untold' };
      const id = idOf({ role: kind, name });
      if (kind === 'proxy' && !zabbix.comparesProxyKeys) {
        const { marked, stored } = await hostGet(id);
        const keyless = stored.key === undefined ? among.find((one) => same(stored, one)) : undefined;
        const held = marked === undefined ? 'untold' : among.find((credential) => same(marked, credential));
        const holds = keyless ?? held;
        return { host: await describe(id), holds };
      }
      for (const credential of among) {
        const { stored } = await hostGet(id);
        if (same(stored, credential)) return { host: await describe(id, credential), holds: credential };
      }
      if (among.length === 0) await hostGet(id);
      return { host: await describe(id), holds: undefined };
    },

    refresh: ({ kind, hostId }) => (kind === 'autoregistration' ? describeAutoregistration() : describe(hostId)),

    usersOf: (identities) =>
      ask('host.get users', () =>
        server.hosts
          .filter(
            ({ stored, role }) =>
              stored.identity !== undefined &&
              identities.includes(stored.identity) &&
              (role === 'host' || zabbix.comparesProxyKeys),
          )
          .map(({ role, name }) => ({ kind: role, name })),
      ),

    async give(targets, wanted) {
      for (const kind of ['autoregistration', 'proxy', 'host'] as const) {
        const some = targets.filter((target) => target.kind === kind);
        if (some.length === 0) continue;
        const lost = zabbix.giveIsLost;
        zabbix.giveIsLost = undefined;
        await ask(`${kind}.update ${some.map(({ name }) => name).join(' ')}`, () => {
          if (lost !== 'not-applied' && kind === 'autoregistration' && wanted.key !== undefined)
            zabbix.giveToAutoregistration(wanted);
          else if (lost !== 'not-applied') zabbix.give(some, wanted);
          if (lost !== undefined) throw new ZabbixUnreachable('Zabbix gave no answer within 20 s');
        });
      }
    },

    async gates({ hostId, kind, connect, behindProxy }) {
      if (behindProxy !== false) return [];
      const scripts =
        zabbix.mayExecuteScripts &&
        connect === 'psk' &&
        kind === 'host' &&
        (await once(`script.execute ${hostId}`, () => zabbix.keysAgree(hostId)).catch(() => false));
      return [
        ...(scripts ? (['script-execute'] as const) : []),
        ...(zabbix.portIsOpen ? (['port-probe'] as const) : []),
      ];
    },

    async serverUses({ hostId }: MonitoredHost, credential, gate) {
      // The script only tells whether the server's key and the agent's agree.
      if (gate === 'script-execute')
        return once(`script.execute ${hostId}`, () => !zabbix.keysAgree(hostId)).catch(() => false);
      return invocation.call(
        `probe ${credential.identity}`,
        () => server.knows(credential),
        () => new Error('ECONNRESET'),
      );
    },

    async proxiesBefore(hosts) {
      const behind = hosts.filter(({ behindProxy }) => behindProxy !== false);
      if (behind.length === 0) return [];
      const found = await ask('host.get proxies', () => behind.map(({ hostId }) => zabbix.host(hostId)));
      const names = [...new Set(found.map(({ proxy }) => proxy?.name))];
      return names.map((name) => {
        const its = found.filter(({ proxy }) => proxy?.name === name);
        return {
          name,
          mode: its[0]?.proxy?.mode,
          ...zabbix.contactWith(its[0]),
          reloadedAt: its[0]?.behindProxy === 'slow' ? 'proxy' : 'server',
          hosts: its.map((host) => host.name),
        };
      });
    },

    isOwn: (place) => zabbix.ownPlaces.includes(place),
    async hostsBehind({ hostId }) {
      await ask(`proxy.get hosts ${hostId}`, () => undefined);
      return ask(`item.get behind ${hostId}`, () => zabbix.hostsBehind(hostId));
    },

    async serverAccepts(credential) {
      if (!zabbix.portIsOpen || credential.key === undefined) return undefined;
      return invocation.call(
        `probe ${credential.identity}`,
        () => (server.up ? server.knows(credential) : undefined),
        () => new Error('ECONNRESET'),
      );
    },

    async checkNow({ kind, itemId, clockOf }) {
      if (kind !== 'value' || clockOf === 'agent' || !zabbix.mayCheckNow) return false;
      await ask(`task.create ${itemId}`, () => hearing.checkNow(zabbix.host(itemId)));
      return true;
    },

    lastValueS: ({ itemId }) => ask(`item.get ${itemId}`, () => hearing.lastS(zabbix.host(itemId))),
  };
}
