import type { ZodMiniType } from 'zod/mini';
import { Refusal, ZabbixRefused, ZabbixUnreachable } from '../errors.ts';
import type { Credential, Keyless, MonitoredHost, Protection, ServerTime, Target, Witness } from '../rotation/model.ts';
import type { Found } from '../rotation/ports.ts';
import type { Dialect } from './dialect.ts';
import { certificateOf, encryption, isSame } from './encryption.ts';
import { type Mark, marked, markOf, unmarked } from './mark.ts';
import { proxyNameReply, proxyReply } from './objects.ts';
import { protectedBy, stores } from './psk-fields.ts';

/** The API as far as proxies need it. */
export interface ProxyApi {
  dialect(): Promise<Dialect>;
  timed<T>(
    method: string,
    params: unknown,
    shape: ZodMiniType<T>,
  ): Promise<{ readonly found: T; readonly dateS: number }>;
  call(method: string, params: unknown): Promise<unknown>;
}

/** A proxy as Zabbix describes it, with what tells which key it holds for it. */
interface Seen {
  readonly proxy: MonitoredHost;
  readonly description: string;
  readonly mark: Mark | undefined;
}

/** Zabbix' proxies in the words of the story: what `hosts` are to their agents, proxies are to themselves. */
export function proxiesOf({ dialect, timed, call }: ProxyApi) {
  async function where(selection: Readonly<Record<string, unknown>>): Promise<Seen | undefined> {
    const spoken = await dialect();
    const { found, dateS } = await timed(
      'proxy.get',
      {
        ...selection,
        output: [
          ...['proxyid', 'tls_connect', 'tls_accept', 'tls_issuer', 'tls_subject', 'lastaccess', 'description'],
          ...[spoken.proxyNameField, spoken.proxyModeField],
          ...(spoken.proxyStateIsTold ? ['state'] : []),
        ],
      },
      proxyReply,
    );
    const [proxy] = found;
    if (proxy === undefined) return undefined;
    if (!Number.isFinite(dateS))
      throw new ZabbixUnreachable('Zabbix answers without a Date header, so its time is not known');
    const name = proxy[spoken.proxyNameField];
    const mode = proxy[spoken.proxyModeField];
    if (name === undefined || mode === undefined)
      throw new ZabbixUnreachable(
        `Zabbix answered proxy.get without ${spoken.proxyNameField} or ${spoken.proxyModeField}`,
      );
    const { description, proxyid, lastaccess } = proxy;
    const isPassive = mode === spoken.passiveProxyMode;
    const seen: ServerTime = { serverS: dateS };
    return {
      description,
      mark: markOf(description),
      proxy: {
        kind: 'proxy',
        hostId: proxyid,
        name,
        enabled: true,
        // The other direction's setting means nothing: an active proxy is never connected to (Zabbix API reference, proxy object).
        connect: isPassive ? (encryption(proxy.tls_connect)[0] ?? 'none') : 'none',
        accept: isPassive ? [] : encryption(proxy.tls_accept),
        ...certificateOf(proxy),
        reachable: reachability(proxy.state),
        behindProxy: false,
        silenced: false,
        seen,
        witness: {
          kind: 'access',
          itemId: proxyid,
          key: 'lastaccess',
          clockOf: 'server',
          everyS: accessEveryS,
          lastS: lastaccess,
        },
      },
    };
  }

  async function named(name: string, also: object): Promise<Seen | undefined> {
    const { proxyNameField } = await dialect();
    const seen = await where({ filter: { [proxyNameField]: [name], ...also } });
    return seen?.proxy.name === name ? seen : undefined;
  }

  return {
    async find<C extends Protection>({ name }: Target, among: readonly C[]): Promise<Found<C>> {
      const { proxyKeysAreCompared } = await dialect();
      if (proxyKeysAreCompared) {
        for (const holds of among) {
          if (holds.key === undefined) continue;
          const seen = await named(name, stores(holds));
          if (seen !== undefined) return { host: seen.proxy, holds };
        }
      }
      const seen = await named(name, {});
      if (seen === undefined) {
        throw new Refusal(
          'PROXY_UNKNOWN',
          `Zabbix shows no proxy "${name}" to our API user; correct the target's name (case-sensitive) or give the user a role that may call proxy.get and proxy.update`,
        );
      }
      const { proxy: host, mark } = seen;
      const keyless = among.find((one) => one.key === undefined && isHeld(one, host));
      if (keyless !== undefined) return { host, holds: keyless };
      if (proxyKeysAreCompared) return { host, holds: undefined };
      if (mark === undefined) return { host, holds: 'untold' };
      return { host, holds: among.find((one) => isMarked(one, mark)) };
    },

    async refresh(host: MonitoredHost): Promise<MonitoredHost> {
      return (await where({ proxyids: [host.hostId] }))?.proxy ?? host;
    },

    /** Only 6.0 can be asked: elsewhere nobody but Zabbix itself knows which proxies share an identity. */
    async usersOf(identities: readonly string[]): Promise<readonly string[]> {
      const { proxyKeysAreCompared, proxyNameField } = await dialect();
      if (!proxyKeysAreCompared) return [];
      try {
        const asked = { output: [proxyNameField], filter: { tls_psk_identity: identities } };
        const { found } = await timed('proxy.get', asked, proxyNameReply);
        return found.map((proxy) => proxy[proxyNameField] ?? '');
      } catch (error) {
        // A role of before proxies were rotated may not ask; what it rotates are hosts.
        if (error instanceof ZabbixRefused) return [];
        throw error;
      }
    },

    /** All or none of them, each with the line that tells which key it was given. */
    async give(proxies: readonly MonitoredHost[], wanted: Protection): Promise<void> {
      if (proxies.length === 0) return;
      const updates: Readonly<Record<string, unknown>>[] = [];
      for (const { hostId, ...proxy } of proxies) {
        const seen = await where({ proxyids: [hostId] });
        updates.push({
          proxyid: hostId,
          ...protectedBy(wanted, [isPassive(proxy) ? 'tls_connect' : 'tls_accept']),
          ...(seen === undefined ? {} : { description: described(seen.description, wanted) }),
        });
      }
      await call('proxy.update', updates);
    },

    async lastAccessS({ itemId }: Pick<Witness, 'itemId'>): Promise<number> {
      return (await where({ proxyids: [itemId] }))?.proxy.witness?.lastS ?? 0;
    },
  };
}

/**
 * The server writes down a proxy's last access every 5–6 s (docs/zabbix-versions.md). An active proxy that has nothing to send
 * is heard of every 60 s in 6.0 (`HeartbeatFrequency`), for which nobody can ask earlier. Seconds.
 */
const accessEveryS = 6;

export const offlineState = '1';

/** Since 7.0: 0 is not known yet, 1 offline, 2 online. It turns to offline after a minute without contact, and back within seconds (docs/zabbix-versions.md). */
function reachability(state: string | undefined): MonitoredHost['reachable'] {
  if (state === offlineState) return { yes: false, error: 'the server takes the proxy for offline' };
  return state === '2' ? { yes: true } : undefined;
}

function markFor({ identity, key }: Credential): Mark {
  return { identity, fingerprint: key.fingerprint };
}

function described(description: string, wanted: Protection): string {
  return wanted.key === undefined ? unmarked(description) : marked(description, markFor(wanted));
}

/** An active one is not connected to. */
function isPassive({ accept }: Pick<MonitoredHost, 'accept'>): boolean {
  return accept.length === 0;
}

/** In the one direction that the proxy has. */
function isHeld({ certificate: wanted }: Keyless, proxy: MonitoredHost): boolean {
  const { connect, accept, certificate } = proxy;
  const used = isPassive(proxy) ? [connect] : accept;
  if (wanted === undefined) return used.every((how) => how === 'none');
  return isSame(certificate, wanted) && used.every((how) => how === 'certificate');
}

function isMarked({ identity, key }: Protection, mark: Mark): boolean {
  if (key === undefined) return false;
  return mark.identity === identity && mark.fingerprint === key.fingerprint;
}
