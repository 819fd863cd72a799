import { sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { MonitoredHost, RotationIds, Target } from './model.ts';
import { onceMore } from './once-more.ts';
import type { Cache, Ports, ProxyBefore } from './ports.ts';
import { sideBySide } from './side-by-side.ts';

/** A node runs the command within seconds; one that is away must not cost more than what it could have saved. Milliseconds. */
const reloadMayTakeMs = 20_000;

/**
 * Tells the caches that must learn what these hosts were given to reload, where a node is known for them. Never fails: what is
 * not reloaded is renewed later, by itself, and whoever follows waits for that.
 */
export async function reloadCaches(
  hosts: readonly MonitoredHost[],
  { secretId, versionId }: RotationIds,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  const { monitor, reloader, archive, clock } = ports;
  if (!reloader.hasAny) return;
  const ids = { secretId, token: versionId };
  const notReloaded = (cache: string, error: unknown) =>
    archive.append({ event: 'cache.notReloaded', ...ids, cache, because: sentence(error) });

  let proxies: readonly ProxyBefore[] = [];
  try {
    proxies = await proxiesBefore(hosts, monitor);
  } catch (error) {
    await notReloaded('proxies', error);
  }
  const caches = cachesOf(proxies, ports);
  const targets = hosts.map(({ name }) => name);
  if (caches.length > 0)
    await archive.append({ event: 'cache.reloading', ...ids, caches: caches.map(nameOf), targets });
  await sideBySide(caches, async (cache) => {
    const fromMs = clock.now().ms;
    const reload = () => reloader.reload(cache, { secretId, versionId }, deadline.within(reloadMayTakeMs));
    try {
      // Without it a proxy of its own node would learn of the key an hour later.
      const outcome = await (cache.of === 'proxy' ? onceMore(reload) : reload());
      const tookMs = clock.now().ms - fromMs;
      await archive.append({ event: 'cache.reloaded', ...ids, cache: nameOf(cache), outcome, tookMs });
    } catch (error) {
      await notReloaded(nameOf(cache), error);
    }
  });
}

/** For the record of a rotation: the caches that are told to reload when this target has been given a key. Nothing where none is. */
export async function reloadsOf(target: Target, ports: Ports): Promise<{ readonly reloads?: readonly string[] }> {
  if (!ports.reloader.hasAny) return {};
  try {
    const { host } = await ports.monitor.find(target, []);
    const caches = cachesOf(await proxiesBefore([host], ports.monitor), ports);
    return caches.length === 0 ? {} : { reloads: caches.flatMap(namesOf) };
  } catch {
    // Who cannot be asked now has told why where its proofs are recorded.
    return {};
  }
}

async function proxiesBefore(
  hosts: readonly MonitoredHost[],
  monitor: Ports['monitor'],
): Promise<readonly ProxyBefore[]> {
  const behind = hosts.filter(({ behindProxy }) => behindProxy !== false);
  return behind.length === 0 ? [] : monitor.proxiesBefore(behind);
}

function cachesOf(proxies: readonly ProxyBefore[], { reloader }: Ports): readonly Cache[] {
  const handed = proxies.filter(({ reloadedAt }) => reloadedAt === 'server').map(({ name }) => name);
  const named = handed.filter((name) => name !== undefined);
  const handedTo = handed.length === 0 ? 'none' : named.length < handed.length ? 'all' : named;
  const own = proxies.flatMap(({ name, mode, reloadedAt }): readonly Cache[] =>
    name === undefined || mode === 'passive' || reloadedAt === 'server' ? [] : [{ of: 'proxy', name }],
  );
  const all: readonly Cache[] = [{ of: 'server', handedTo }, ...own];
  return all.filter((cache) => reloader.reaches(cache));
}

function nameOf(cache: Cache): string {
  return namesOf(cache).join(', ');
}

function namesOf(cache: Cache): readonly string[] {
  if (cache.of === 'proxy') return [`proxy ${cache.name}`];
  if (cache.handedTo === 'none') return ['server'];
  return ['server', ...(cache.handedTo === 'all' ? ['all proxies'] : cache.handedTo.map((name) => `proxy ${name}`))];
}
