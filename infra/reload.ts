/**
 * The managed nodes that Zabbix' own daemons run on, where the operator names them: there the functions have a configuration cache
 * reloaded once it has been given a key, instead of waiting for its renewal.
 */
import { nodeIdPattern, proxyNamePattern } from '../lambda/contract.ts';
import type { Fields } from './fields.ts';

export interface Reload {
  /** Nodes of zabbix_server; several for a cluster, of which the one at work takes the command. */
  readonly servers: readonly string[];
  /** Nodes of zabbix_proxy by the proxies' names in Zabbix. Before 7.0 hosts behind a proxy are rotated only where its node is named. */
  readonly proxies: ReadonlyMap<string, string>;
}

/** A name of 128 characters, its node and what stands between them take 150 bytes; a cluster of Zabbix has two nodes or three. */
const mostServers = 8;

const likeANode = 'must be the id of a managed node, i-… or mi-…; copy it from Fleet Manager.';

export function reload(fields: Fields | undefined): { reload?: Reload } {
  if (fields === undefined) return {};
  const servers = fields.optionalList('servers').filter((node) => isNode(node, 'servers', fields));
  if (new Set(servers).size < servers.length)
    fields.complain('servers', servers, 'names a node more than once; keep one.');
  if (servers.length > mostServers)
    fields.complain('servers', servers.length, `nodes are more than a cluster has; name at most ${mostServers}.`);
  const proxies = new Map<string, string>();
  for (const [name, node] of fields.named('proxies')) {
    if (!proxyNamePattern.test(name))
      fields.complain(
        'proxies',
        name,
        'is no name of a proxy: letters, digits, blanks and . _ - only; copy it from Zabbix.',
      );
    else if (isNode(node, `proxies.${name}`, fields)) proxies.set(name, node);
  }
  fields.refuseOthers();
  if (servers.length === 0 && proxies.size === 0)
    fields.complainAboutAll('names no usable node, neither in servers nor in proxies; add one or remove it.');
  return { reload: { servers, proxies } };
}

function isNode(node: unknown, key: string, fields: Fields): node is string {
  if (typeof node === 'string' && nodeIdPattern.test(node)) return true;
  fields.complain(key, node, likeANode);
  return false;
}

/** As the functions' environment holds it; `lambda/config.ts` takes it apart. */
export function reloadVariables({ servers, proxies }: Reload): { readonly servers: string; readonly proxies: string } {
  const pairs = [...proxies].map(([name, node]) => `${name}=${node}`);
  return { servers: servers.join(','), proxies: pairs.join(',') };
}
