import { z } from 'zod';
import type { Machine } from '../machine.ts';
import type { Release } from '../release.ts';
import type { AdminApi } from './admin-api.ts';
import type { Certificate } from './authority.ts';
import { query } from './database.ts';
import type { Credential } from './monitored-host.ts';

/** Who calls whom: an `active` proxy calls the server, a `passive` one is called by it. */
export type ProxyMode = 'active' | 'passive';

export interface ProxyRegistration {
  readonly name: string;
  readonly mode: ProxyMode;
  readonly ip: string;
  /** null: unencrypted */
  readonly credential: Credential | Certificate | null;
}

/** Tells Zabbix about a proxy and returns its id. The server knows it after its next configuration load. */
export function registerProxy(api: AdminApi, { proxies }: Release, proxy: ProxyRegistration): Promise<string> {
  return api.create('proxy.create', {
    [proxies.name]: proxy.name,
    ...proxies.modes[proxy.mode],
    ...(proxy.mode === 'passive' ? proxies.passiveAt(proxy.ip) : {}),
    ...proxyEncryption(proxy.mode, proxy.credential),
  });
}

/** Parameters of proxy.create and proxy.update: PSK in the one direction that the mode has, or certificates, or none. */
export function proxyEncryption(mode: ProxyMode, credential: Credential | Certificate | null): object {
  const direction = mode === 'active' ? 'tls_accept' : 'tls_connect';
  if (credential === null) return { [direction]: 1 };
  if ('issuer' in credential) return { [direction]: 4, tls_issuer: credential.issuer, tls_subject: credential.subject };
  return { [direction]: 2, tls_psk_identity: credential.identity, tls_psk: credential.psk };
}

/** When the server last heard of the proxy: whole seconds since 1970 by its clock, 0 for never. It is stored every five seconds or so. */
export async function lastAccessS(api: AdminApi, proxyId: string): Promise<number> {
  const reply = z.tuple([z.object({ lastaccess: z.coerce.number() })]);
  const [found] = await api.call('proxy.get', { proxyids: [proxyId], output: ['lastaccess'] }, reply);
  return found.lastaccess;
}

/**
 * Whether Zabbix holds exactly this credential for the proxy. Asked of the database: 7.0's proxy.get neither shows a credential nor
 * filters by one (6.0.14 does, 7.0.22 refuses it).
 */
export async function proxyHoldsCredential(
  serverMachine: Machine,
  { proxies: { stored } }: Release,
  proxyId: string,
  { identity, psk }: Credential,
): Promise<boolean> {
  const sql = `select tls_psk_identity, tls_psk from ${stored.table} where ${stored.id} = ${Number(proxyId)};`;
  const [row] = await query(serverMachine, 'zabbix', sql);
  return row === `${identity}|${psk}`;
}
