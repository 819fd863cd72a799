import {
  array,
  type infer as Infer,
  object,
  optional,
  pipe,
  regex,
  string,
  transform,
  type ZodMiniType,
} from 'zod/mini';
import { ZabbixUnreachable } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Credential } from '../rotation/model.ts';
import type { Dialect } from './dialect.ts';
import { encryption } from './encryption.ts';
import { stores } from './psk-fields.ts';
import { apiReaders } from './readers.ts';
import type { Session } from './session.ts';

/** Zabbix writes numbers as strings. */
const number = pipe(string().check(regex(/^\d{1,15}$/)), transform(Number));
/** As they are: a report shows a name to the letter and takes care in each of its forms. */
const name = string();

const idReply = array(object({ hostid: string() }));
const hostReply = array(
  object({
    hostid: string(),
    host: name,
    name,
    status: string(),
    tls_connect: number,
    tls_accept: number,
    active_available: optional(string()),
    proxy_hostid: optional(string()),
    proxyid: optional(string()),
    interfaces: array(object({ type: string() })),
  }),
);
type HostReply = Infer<typeof hostReply>[number];

const proxyReply = array(
  object({
    proxyid: string(),
    host: optional(name),
    name: optional(name),
    status: optional(string()),
    operating_mode: optional(string()),
    tls_connect: number,
    tls_accept: number,
  }),
);
type ProxyReply = Infer<typeof proxyReply>[number];

const autoregistrationReply = object({ tls_accept: number });
const namedReply = array(object({ host: name }));

/** Hosts in one answer: about 400 bytes each, and an answer may have 8 MB. */
const hostsAPage = 1_000;

/**
 * Everything that Zabbix has and shows to the API user, page by page. `host.get` knows no offset, so the ids come first.
 *
 * @param open called once for the life of this object
 */
export function zabbixInventory(open: () => Promise<Session>) {
  let opened: Promise<Session> | undefined;
  const session = () => (opened ??= open());

  async function get<T>(method: string, params: unknown, shape: ZodMiniType<T>): Promise<T> {
    const parsed = shape.safeParse(await (await session()).call(method, params));
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new ZabbixUnreachable(`Zabbix answered ${method} in a form that is not known: ${quote(problems.join(', '))}`);
  }

  async function proxies() {
    const { dialect } = await session();
    const { proxyNameField, proxyModeField } = dialect;
    const output = ['proxyid', proxyNameField, proxyModeField, 'tls_connect', 'tls_accept'];
    return (await get('proxy.get', { output }, proxyReply)).map((reply) => toProxy(reply, dialect));
  }

  /** Names of proxies by their ids, where they may be read; a host's row does without. */
  async function proxyNames(): Promise<ReadonlyMap<string, string>> {
    const found = await proxies().catch(() => []);
    return new Map(found.map(({ id, name }) => [id, name]));
  }

  return {
    version: async () => (await session()).version,

    async hosts() {
      const { dialect } = await session();
      const ids = (await get('host.get', { output: ['hostid'] }, idReply)).map(({ hostid }) => hostid);
      const names = await proxyNames();
      const output = [
        ...['hostid', 'host', 'name', 'status', 'tls_connect', 'tls_accept', dialect.hostProxyField],
        ...(dialect.activeAgentsAreTold ? ['active_available'] : []),
      ];
      const found: ReturnType<typeof toHost>[] = [];
      for (let from = 0; from < ids.length; from += hostsAPage) {
        const hostids = ids.slice(from, from + hostsAPage);
        const page = await get('host.get', { hostids, output, selectInterfaces: ['type'] }, hostReply);
        found.push(...page.map((reply) => toHost(reply, dialect, names)));
      }
      return found;
    },

    proxies,

    async autoregistration() {
      const { tls_accept } = await get('autoregistration.get', { output: ['tls_accept'] }, autoregistrationReply);
      return {
        kind: 'autoregistration' as const,
        id: 'autoregistration',
        name: 'autoregistration',
        enabled: true,
        connect: null,
        accept: encryption(tls_accept),
        usesAgent: tls_accept !== unencrypted,
      };
    },

    readers: async () => apiReaders(get, (await session()).dialect),

    async holders(credential: Credential) {
      const found = await get('host.get', { output: ['host'], filter: stores(credential) }, namedReply);
      return found.map(({ host }) => host);
    },

    async knowsIdentity(host: string, identity: string) {
      const filter = { host: [host], tls_psk_identity: [identity] };
      return (await get('host.get', { output: ['host'], filter }, namedReply)).length > 0;
    },
  };
}

/** The mask of nothing but no encryption, which is what Zabbix begins with. */
const unencrypted = 1;
const agentInterface = '1';

function toHost(reply: HostReply, { hostProxyField }: Dialect, proxies: ReadonlyMap<string, string>) {
  const { hostid, host, name: visible, status, tls_connect, tls_accept, active_available = '0', interfaces } = reply;
  const proxy = reply[hostProxyField] ?? '0';
  return {
    kind: 'host' as const,
    id: hostid,
    name: host,
    ...(visible === host ? {} : { visibleName: visible }),
    enabled: status === '0',
    connect: encryption(tls_connect)[0] ?? 'none',
    accept: encryption(tls_accept),
    // 6.0 does not tell of active agents: there a host without an agent's interface counts only when it uses encryption.
    usesAgent:
      interfaces.some(({ type }) => type === agentInterface) ||
      active_available !== '0' ||
      tls_connect !== unencrypted ||
      tls_accept !== unencrypted,
    ...(proxy === '0' ? {} : { behind: proxies.get(proxy) ?? `proxy ${proxy}` }),
  };
}

function toProxy(reply: ProxyReply, { proxyNameField, proxyModeField, passiveProxyMode }: Dialect) {
  const isPassive = reply[proxyModeField] === passiveProxyMode;
  return {
    kind: 'proxy' as const,
    id: reply.proxyid,
    name: reply[proxyNameField] ?? reply.proxyid,
    enabled: true,
    connect: isPassive ? (encryption(reply.tls_connect)[0] ?? ('none' as const)) : null,
    accept: isPassive ? null : encryption(reply.tls_accept),
    usesAgent: true,
  };
}
