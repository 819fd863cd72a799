import { Refusal } from '../errors.ts';
import type { MonitoredHost } from './model.ts';
import type { Ports, ProxyBefore } from './ports.ts';

/**
 * Before 7.0 a proxy learns of a key only with its next configuration, up to an hour later. An active one can be told to fetch it at
 * once, where its node is known. A passive one cannot: its hosts are waited for, where it is known for how long.
 */
export function slowProxyProblem(
  host: MonitoredHost,
  proxy: ProxyBefore | undefined,
  { reloader, patience }: Pick<Ports, 'reloader' | 'patience'>,
): Refusal | undefined {
  if (host.behindProxy !== 'slow') return undefined;
  const refusal = (by: string, remedy: string) =>
    new Refusal(
      'HOST_BEHIND_PROXY',
      `host "${host.name}" is monitored by ${by}, which learns of a new key only with its next configuration, up to an hour later (ConfigFrequency of a proxy before 7.0, ProxyConfigFrequency of the server for a passive one); that is longer than a step of a rotation may last, so ${remedy}`,
    );
  const otherwise = 'rotate it by hand, or update Zabbix to 7.0';
  const tellHowLong = "put the server's ProxyConfigFrequency into the inventory (zabbix.proxyConfigFrequencyS)";
  if (!reloader.hasAny && patience.proxyMs === undefined)
    return refusal(
      'a proxy',
      `name the proxy's node in the inventory (reload.proxies), for a passive proxy ${tellHowLong}, or ${otherwise}`,
    );
  if (proxy?.name === undefined)
    return refusal('a proxy', `let the API user's role call proxy.get, so that its name is known, or ${otherwise}`);
  const named = `proxy "${proxy.name}"`;
  if (proxy.mode === 'passive')
    return patience.proxyMs === undefined
      ? refusal(`the passive ${named}`, `${tellHowLong}, or ${otherwise}`)
      : undefined;
  if (reloader.reaches({ of: 'proxy', name: proxy.name })) return undefined;
  return refusal(named, `name the node of ${named} in the inventory (reload.proxies), or ${otherwise}`);
}

/**
 * The proxy that may have a host's key only when this invocation has ended, for sentences; undefined: there is none, and whoever has the
 * key last has it within `serverWaitMs`.
 */
export function slowProxyOf(
  host: MonitoredHost,
  proxy: ProxyBefore | undefined,
  { patience }: Pick<Ports, 'patience'>,
): string | undefined {
  if (host.behindProxy !== 'slow' || patience.proxyMs === undefined) return undefined;
  if (patience.proxyMs <= patience.serverWaitMs) return undefined;
  if (proxy?.mode === 'active') return undefined;
  return proxy?.name === undefined ? 'its proxy' : `proxy "${proxy.name}"`;
}
