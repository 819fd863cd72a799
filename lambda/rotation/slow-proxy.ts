import { Refusal } from '../errors.ts';
import type { MonitoredHost } from './model.ts';
import type { Ports } from './ports.ts';

/**
 * Before 7.0 a proxy learns of a key only with its next configuration, up to an hour later. That is longer than a rotation may
 * last, so its hosts are rotated only where it can be told to fetch its configuration at once.
 */
export async function slowProxyProblem(
  host: MonitoredHost,
  { monitor, reloader }: Pick<Ports, 'monitor' | 'reloader'>,
): Promise<Refusal | undefined> {
  if (host.behindProxy !== 'slow') return undefined;
  const refusal = (by: string, remedy: string) =>
    new Refusal(
      'HOST_BEHIND_PROXY',
      `host "${host.name}" is monitored by ${by}, which learns of a new key only with its next configuration, up to an hour later (ConfigFrequency of a proxy before 7.0); that is longer than a rotation may last, so ${remedy}`,
    );
  const otherwise = 'rotate it by hand, or update Zabbix to 7.0';
  if (!reloader.hasAny)
    return refusal('a proxy', `name the proxy's node in the inventory (reload.proxies), or ${otherwise}`);
  const [proxy] = await monitor.proxiesBefore([host]);
  if (proxy?.name === undefined)
    return refusal('a proxy', `let the API user's role call proxy.get, so that its name is known, or ${otherwise}`);
  const named = `proxy "${proxy.name}"`;
  if (proxy.mode === 'passive')
    return refusal(
      `the passive ${named}`,
      `make the proxy an active one, which can be told to fetch it, or ${otherwise}`,
    );
  if (reloader.reaches({ of: 'proxy', name: proxy.name })) return undefined;
  return refusal(named, `name the node of ${named} in the inventory (reload.proxies), or ${otherwise}`);
}
