/** What has a key that can be rotated, and whether the caches that must learn of it are told to reload. */
import type { ZabbixVersion } from '../../release.ts';

export const kinds = [
  'host',
  'active-proxy',
  'passive-proxy',
  'behind-active-proxy',
  'behind-passive-proxy',
  'proxy-and-agent',
  'autoregistration',
] as const;

export type Kind = (typeof kinds)[number];

/** For people. */
export const titles: Readonly<Record<Kind, string>> = {
  host: 'a host',
  'active-proxy': 'an active proxy',
  'passive-proxy': 'a passive proxy',
  'behind-active-proxy': 'a host behind an active proxy',
  'behind-passive-proxy': 'a host behind a passive proxy',
  'proxy-and-agent': 'an active proxy and its own agent',
  autoregistration: 'autoregistration',
};

/** `with`: server and active proxies are told to reload, as `reload` in the inventory asks for. */
export const reloads = ['without', 'with'] as const;

export type Reload = (typeof reloads)[number];

/** Why a kind is left out; undefined: it is measured. */
export function leftOut(version: ZabbixVersion, kind: Kind, reload: Reload): string | undefined {
  if (version !== '6.0') return undefined;
  if (kind === 'behind-passive-proxy')
    return 'not measured, up to an hour: the server sends a passive proxy its configuration every 3,600 s (ProxyConfigFrequency), and nobody can hurry it';
  if (kind === 'behind-active-proxy' && reload === 'without')
    return 'not measured, refused: the proxy fetches its configuration every 3,600 s (ConfigFrequency)';
  return undefined;
}
