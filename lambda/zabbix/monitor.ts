import type { ZodMiniType } from 'zod/mini';
import { Refusal, ZabbixRefused, ZabbixUnreachable } from '../errors.ts';
import { quote } from '../quote.ts';
import type { MonitoredHost, Protection, ServerTime, Target } from '../rotation/model.ts';
import type { Clock, Found, Monitor } from '../rotation/ports.ts';
import { autoregistrationOf } from './autoregistration.ts';
import { type Dialect, limitsOf } from './dialect.ts';
import { certificateOf, encryption, isSame } from './encryption.ts';
import { hostsBehind } from './hosts-behind.ts';
import { type HostReply, hostReply, itemReply, lastValueReply, namedReply, scriptReply } from './objects.ts';
import { addressOf, isOneOf } from './places.ts';
import { portAccepts, type ServerAddress } from './port-probe.ts';
import { proxiesOf } from './proxies.ts';
import { proxiesBefore } from './proxies-before.ts';
import { protectedBy, stores } from './psk-fields.ts';
import type { Session } from './session.ts';
import { activeItem, chooseWitness, passiveItem } from './witness.ts';

export interface ZabbixOptions {
  readonly open: () => Promise<Session>;
  readonly clock: Clock;
  /** The server's trapper, where this function can reach it. */
  readonly server: ServerAddress | undefined;
  /** What else agents may report to that belongs to this Zabbix, as `ServerActive` has it. */
  readonly places?: readonly string[];
  /** Name of a global script that the API user may execute on a host. */
  readonly probeScript: string | undefined;
}

/** A call that met a restart or a hiccup is tried again after these pauses, in milliseconds; every call we make may be made twice. */
const pausesMs = [1_000, 3_000];

/** An agent that shares the server's key answers within 20–44 ms (docs/zabbix-versions.md). Milliseconds. */
const scriptTimeoutMs = 3_000;

/** Zabbix as the story sees it, through the API of the versions in dialect.ts. */
export function zabbixMonitor({ open, clock, server, places = [], probeScript }: ZabbixOptions): Monitor {
  const own = server === undefined ? places : [addressOf(server), ...places];
  let opened: Promise<Session> | undefined;
  let scriptId: string | undefined;
  /** Ids of items that Zabbix does not check now for this API user. */
  const checksRefused = new Set<string>();

  /** One session for as long as this function lives; one that could not be opened is opened anew. */
  function session(): Promise<Session> {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  async function patiently<T>(ask: (api: Session) => Promise<T>): Promise<T> {
    for (const pauseMs of pausesMs) {
      try {
        return await ask(await session());
      } catch (error) {
        if (!(error instanceof ZabbixUnreachable)) throw error;
        await clock.sleep(pauseMs);
      }
    }
    return ask(await session());
  }

  async function get<T>(method: string, params: unknown, shape: ZodMiniType<T>): Promise<T> {
    return (await timed(method, params, shape)).found;
  }

  /** With the server's time of the answer, as far as the frontend tells it. */
  async function timed<T>(
    method: string,
    params: unknown,
    shape: ZodMiniType<T>,
  ): Promise<{ readonly found: T; readonly dateS: number }> {
    const { result, dateS } = await patiently((api) => api.timed(method, params));
    const parsed = shape.safeParse(result);
    if (!parsed.success)
      throw new ZabbixUnreachable(
        `Zabbix answered ${method} in a form that is not known: ${quote(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))}`,
      );
    return { found: parsed.data, dateS };
  }

  async function hostWhere(
    selection: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly host: HostReply; readonly seen: ServerTime } | undefined> {
    const { dialect } = await patiently(async (api) => api);
    const { found, dateS } = await timed(
      'host.get',
      {
        ...selection,
        output: [
          ...['hostid', 'host', 'status', 'tls_connect', 'tls_accept', 'tls_issuer', 'tls_subject'],
          ...['maintenance_status', 'maintenance_type'],
          dialect.hostMonitoredByField,
        ],
        selectInterfaces: ['interfaceid', 'type', 'available', 'error', 'errors_from'],
      },
      hostReply,
    );
    const [host] = found;
    if (host === undefined) return undefined;
    if (!Number.isFinite(dateS))
      throw new ZabbixUnreachable('Zabbix answers without a Date header, so its time is not known');
    return { host, seen: { serverS: dateS } };
  }

  /** @param holds what it is known to hold: one without a key is described with the witness of its first credential */
  async function describe(found: HostReply, seen: ServerTime, holds?: Protection): Promise<MonitoredHost> {
    const items = await get(
      'item.get',
      {
        hostids: [found.hostid],
        output: ['itemid', 'key_', 'type', 'delay', 'state', 'history', 'lastclock'],
        selectPreprocessing: ['type'],
        filter: { type: [passiveItem, activeItem] },
        monitored: true,
      },
      itemReply,
    );
    const { dialect } = await patiently(async (api) => api);
    const behindProxy = monitoredBy(found, dialect) !== '0' && dialect.proxiesLearn;
    const connect = encryption(found.tls_connect)[0] ?? 'none';
    const accept = encryption(found.tls_accept);
    return {
      kind: 'host',
      hostId: found.hostid,
      name: found.host,
      enabled: found.status === '0',
      connect,
      accept,
      ...certificateOf(found),
      reachable: reachability(found),
      silenced: isSilenced(found),
      behindProxy,
      seen,
      witness: chooseWitness(items, { ...witnessed(holds, { connect, accept }), behindProxy }),
    };
  }

  async function probeScriptId(): Promise<string | undefined> {
    if (probeScript === undefined) return undefined;
    const { dialect, hasSession } = await patiently(async (api) => api);
    // With a token 6.0 ends in a PHP error of the frontend, and of 6.4 it is not known.
    if (!dialect.scriptExecuteTellsAtOnce || !hasSession) return undefined;
    const [script] = await get('script.get', { output: ['scriptid'], filter: { name: probeScript } }, scriptReply);
    return script?.scriptid;
  }

  /** Whether the key in the server's cache and the agent's agree; undefined when the script may not be run there. */
  async function keysAgree(host: MonitoredHost): Promise<boolean | undefined> {
    scriptId ??= await probeScriptId();
    const scriptid = scriptId;
    if (scriptid === undefined) return undefined;
    try {
      const api = await session();
      await api.call('script.execute', { scriptid, hostid: host.hostId }, scriptTimeoutMs);
      return true;
    } catch (error) {
      if (!(error instanceof ZabbixRefused)) return undefined;
      // The agent need not run anything: that it answers, even to say no, shows that the keys agree.
      if (/Unsupported item key|Unknown metric/.test(error.message)) return true;
      return /cannot establish TLS/.test(error.message) ? false : undefined;
    }
  }

  const call = (method: string, params: unknown) => patiently((api) => api.call(method, params));
  const proxies = proxiesOf({ dialect: async () => (await patiently(async (api) => api)).dialect, timed, call });
  const autoregistration = autoregistrationOf({ timed, call });

  return {
    version: async () => (await patiently(async (api) => api)).version,

    limitsOf,

    async find<C extends Protection>(target: Target, among: readonly C[]): Promise<Found<C>> {
      const { kind, name } = target;
      if (kind === 'proxy') return proxies.find(target, among);
      if (kind === 'autoregistration') return { host: await autoregistration.find(), holds: 'untold' };
      const named = (also: object) => hostWhere({ filter: { host: [name], ...also } });
      for (const holds of among) {
        const found = await named(stores(holds));
        if (
          found?.host.host === name &&
          (holds.key !== undefined || isSame(certificateOf(found.host).certificate, holds.certificate))
        )
          return { host: await describe(found.host, found.seen, holds), holds };
      }
      const found = await named({});
      if (found?.host.host !== name) {
        throw new Refusal(
          'HOST_UNKNOWN',
          `Zabbix shows no host "${name}" to our API user; correct the target's name (case-sensitive) or give the user read-write rights on the host's group`,
        );
      }
      return { host: await describe(found.host, found.seen), holds: undefined };
    },

    async refresh(host) {
      if (host.kind === 'proxy') return proxies.refresh(host);
      if (host.kind === 'autoregistration') return autoregistration.find();
      const found = await hostWhere({ hostids: [host.hostId] });
      if (found === undefined) return host;
      return { ...host, seen: found.seen, reachable: reachability(found.host), silenced: isSilenced(found.host) };
    },

    async usersOf(identities) {
      const hosts = await get('host.get', { output: ['host'], filter: { tls_psk_identity: identities } }, namedReply);
      const users: Pick<Target, 'kind' | 'name'>[] = hosts.map(({ host }) => ({ kind: 'host', name: host }));
      for (const name of await proxies.usersOf(identities)) users.push({ kind: 'proxy', name });
      return users;
    },

    async give(targets, wanted) {
      const hosts = targets.filter(({ kind }) => kind === 'host');
      if (targets.some(({ kind }) => kind === 'autoregistration') && wanted.key !== undefined)
        await autoregistration.give(wanted);
      // Proxies first: whoever sees the server take a host's key knows that it has the proxy's too.
      await proxies.give(
        targets.filter(({ kind }) => kind === 'proxy'),
        wanted,
      );
      if (hosts.length === 0) return;
      const update = hosts.map(({ hostId }) => ({
        hostid: hostId,
        ...protectedBy(wanted, ['tls_connect', 'tls_accept']),
      }));
      // An array is one transaction: all of them or none.
      await patiently((api) => api.call('host.update', update));
    },

    async gates(host) {
      const available: ('script-execute' | 'port-probe')[] = [];
      // The server has a key before the proxy that monitors the host has it.
      if (host.behindProxy !== false) return available;
      if (host.kind === 'host' && host.connect === 'psk' && (await keysAgree(host)) === true)
        available.push('script-execute');
      if (server !== undefined) available.push('port-probe');
      return available;
    },

    async serverUses(host, credential, gate) {
      switch (gate) {
        // The agent has not changed: as soon as the keys disagree, the server has.
        case 'script-execute':
          return (await keysAgree(host)) === false;
        case 'port-probe':
          return server !== undefined && (await portAccepts(server, credential)) === true;
      }
    },

    proxiesBefore: async (hosts) => proxiesBefore(hosts, get, (await patiently(async (api) => api)).dialect),

    isOwn: (place) => isOneOf(own, place),
    hostsBehind: async (proxy) => hostsBehind(proxy, get, (await patiently(async (api) => api)).dialect),

    serverAccepts: async (wanted) =>
      server === undefined || wanted.key === undefined ? undefined : portAccepts(server, wanted),

    async checkNow({ kind, itemId, clockOf }) {
      if (kind !== 'value' || clockOf === 'agent' || checksRefused.has(itemId)) return false;
      try {
        await patiently((api) => api.call('task.create', [{ type: 6, request: { itemid: itemId } }]));
        return true;
      } catch (error) {
        // 6.0 allows it to super admins only; without it the next value comes at the item's own interval.
        if (!(error instanceof ZabbixRefused)) throw error;
        checksRefused.add(itemId);
        return false;
      }
    },

    async lastValueS({ kind, itemId }) {
      if (kind === 'access') return proxies.lastAccessS({ itemId });
      const [last] = await get('item.get', { itemids: [itemId], output: ['lastclock'] }, lastValueReply);
      return last?.lastclock ?? 0;
    },
  };
}

/** In which directions an item will come over the key, once there is one. */
function witnessed(
  holds: Protection | undefined,
  now: Pick<MonitoredHost, 'connect' | 'accept'>,
): Pick<MonitoredHost, 'connect' | 'accept'> {
  if (holds === undefined || holds.key !== undefined) return now;
  return { connect: 'psk', accept: holds.takes === 'only-psk' ? ['psk'] : ['none', 'psk'] };
}

/** @throws {ZabbixUnreachable} where the version does not tell it: that the server does is not for us to assume */
function monitoredBy(found: HostReply, { hostMonitoredByField }: Dialect): string {
  const id = found[hostMonitoredByField];
  if (id !== undefined) return id;
  throw new ZabbixUnreachable(
    `Zabbix answered host.get without ${hostMonitoredByField}, so it is not known who monitors ${found.host}`,
  );
}

/** Type 1 is without data collection (Zabbix API reference, host object). */
function isSilenced({ maintenance_status, maintenance_type }: HostReply): boolean {
  return maintenance_status === '1' && maintenance_type === '1';
}

/**
 * What the server's pollers say of the agent interface. `errors_from` turns non-zero 2–7 s after the first failed check,
 * `available` only after about 50 s (docs/zabbix-versions.md).
 */
function reachability({ interfaces }: HostReply): MonitoredHost['reachable'] {
  const agent = interfaces.filter(({ type }) => type === '1');
  const failing = agent.find(({ available, errors_from }) => available === '2' || errors_from !== '0');
  if (failing !== undefined)
    return { yes: false, error: failing.error === '' ? 'checks fail since a moment ago' : failing.error };
  return agent.some(({ available }) => available === '1') ? { yes: true } : undefined;
}
