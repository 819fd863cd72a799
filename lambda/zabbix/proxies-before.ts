import { array, looseObject, optional, string, type ZodMiniType } from 'zod/mini';
import { ZabbixRefused } from '../errors.ts';
import type { MonitoredHost } from '../rotation/model.ts';
import type { ProxyBefore } from '../rotation/ports.ts';
import type { Dialect } from './dialect.ts';
import { offlineState } from './proxies.ts';

type Get = <T>(method: string, params: unknown, shape: ZodMiniType<T>) => Promise<T>;

const hostReply = array(
  looseObject({
    host: string(),
    proxy_hostid: optional(string()),
    proxyid: optional(string()),
    assigned_proxyid: optional(string()),
  }),
);
const proxyReply = array(
  looseObject({
    proxyid: string(),
    host: optional(string()),
    name: optional(string()),
    status: optional(string()),
    operating_mode: optional(string()),
    lastaccess: optional(string()),
    state: optional(string()),
  }),
);

/** The proxies that stand between the server and these hosts, each once. Of a proxy group it is the one that the server has assigned. */
export async function proxiesBefore(
  hosts: readonly MonitoredHost[],
  get: Get,
  dialect: Dialect,
): Promise<readonly ProxyBefore[]> {
  const behind = hosts.filter(({ behindProxy }) => behindProxy !== false);
  if (behind.length === 0) return [];
  const { hostProxyFields, proxyNameField, proxyModeField, passiveProxyMode, proxiesLearn } = dialect;
  const hostids = behind.map(({ hostId }) => hostId);
  const nowS = Math.max(...behind.map(({ seen }) => seen.serverS));
  const namesByProxy = new Map<string, string[]>();
  for (const found of await get('host.get', { hostids, output: ['host', ...hostProxyFields] }, hostReply)) {
    const id = hostProxyFields.map((field) => found[field] ?? '0').find((one) => one !== '0') ?? '0';
    namesByProxy.set(id, [...(namesByProxy.get(id) ?? []), found.host]);
  }
  const asked = {
    proxyids: [...namesByProxy.keys()],
    output: ['proxyid', proxyNameField, proxyModeField, 'lastaccess', ...(dialect.proxyStateIsTold ? ['state'] : [])],
  };
  const proxies = await get('proxy.get', asked, proxyReply).catch((error: unknown) => {
    // A role that only rotates hosts may not ask.
    if (error instanceof ZabbixRefused) return [];
    throw error;
  });
  return [...namesByProxy].map(([id, names]): ProxyBefore => {
    const proxy = proxies.find(({ proxyid }) => proxyid === id);
    const mode = proxy?.[proxyModeField];
    return {
      name: proxy?.[proxyNameField],
      mode: mode === undefined ? undefined : mode === passiveProxyMode ? 'passive' : 'active',
      silentForS: proxy?.lastaccess === undefined ? undefined : Math.max(0, nowS - Number(proxy.lastaccess)),
      isOffline: proxy?.state === offlineState,
      reloadedAt: proxiesLearn === 'prompt' ? 'server' : 'proxy',
      hosts: names,
    };
  });
}
