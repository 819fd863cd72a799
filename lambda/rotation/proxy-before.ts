import { ServiceError } from '../errors.ts';
import type { MonitoredHost } from './model.ts';
import type { Monitor, ProxyBefore } from './ports.ts';

/** The proxy that monitors a host; undefined: none does, and nobody was asked. */
export async function proxyBefore(
  host: MonitoredHost,
  monitor: Pick<Monitor, 'proxiesBefore'>,
): Promise<ProxyBefore | undefined> {
  return host.behindProxy === false ? undefined : (await monitor.proxiesBefore([host]))[0];
}

/** For those who read what is waited for. */
export function calledProxy({ name }: Pick<ProxyBefore, 'name'>): string {
  return name ?? 'a proxy that the API user may not read';
}

/** For the record of a host that a proxy monitors. Nothing of another, or where nobody can be asked now. */
export async function recordedProxy(
  host: MonitoredHost | undefined,
  monitor: Pick<Monitor, 'proxiesBefore'>,
): Promise<{ readonly proxy?: string | null }> {
  if (host === undefined) return {};
  try {
    const proxy = await proxyBefore(host, monitor);
    return proxy === undefined ? {} : { proxy: proxy.name ?? null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return {};
  }
}
