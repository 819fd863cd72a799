import { z } from 'zod';
import type { AdminApi } from './admin-api.ts';
import type { Certificate } from './authority.ts';

/** Which way the values go: `passive` the server asks the agent, `active` the agent sends. */
export type Checks = 'passive' | 'active' | 'both';

export interface Credential {
  readonly identity: string;
  /** hex digits */
  readonly psk: string;
}

/** What Zabbix is told about a host. */
export interface HostRegistration {
  readonly name: string;
  readonly ip: string;
  readonly groupId: string;
  readonly checks: Checks;
  /** null: unencrypted */
  readonly credential: Credential | Certificate | null;
  /** seconds between two values of the passive item, agent.ping */
  readonly passiveEveryS: number;
  /** seconds between two values of the active item, system.localtime */
  readonly activeEveryS: number;
  /** parameters of host.create that name the proxy it is behind; none: the server watches it */
  readonly behind?: object;
}

/** A host as Zabbix knows it. */
export interface MonitoredHost {
  readonly hostId: string;
  readonly items: Readonly<Partial<Record<'passive' | 'active', MonitoredItem>>>;
}

export interface MonitoredItem {
  readonly itemId: string;
  readonly key: string;
  readonly everyS: number;
}

/** Tells Zabbix about a host with one item for each direction. The server knows it after its next configuration load. */
export async function registerHost(api: AdminApi, host: HostRegistration): Promise<MonitoredHost> {
  const hostId = await api.create('host.create', {
    host: host.name,
    groups: [{ groupid: host.groupId }],
    interfaces: [{ type: 1, main: 1, useip: 1, ip: host.ip, dns: '', port: '10050' }],
    ...encryption(host.credential),
    ...host.behind,
    status: 1,
  });
  const item = async (key: string, type: object, everyS: number): Promise<MonitoredItem> => {
    const about = { hostid: hostId, name: key, key_: key, ...type, value_type: 3, delay: `${everyS}s` };
    return { itemId: await api.create('item.create', about), key, everyS };
  };
  const passive = { type: 0, interfaceid: await firstInterface(api, hostId) };
  const active = { type: 7 };
  const items = {
    ...(host.checks === 'active' ? {} : { passive: await item('agent.ping', passive, host.passiveEveryS) }),
    ...(host.checks === 'passive' ? {} : { active: await item('system.localtime', active, host.activeEveryS) }),
  };
  // Not before it is complete: an agent that is told of no active checks asks again only after minutes.
  await api.call('host.update', { hostid: hostId, status: 0 }, z.unknown());
  return { hostId, items };
}

/** Parameters of host.create and host.update for PSK in both directions, or certificates, or none. */
export function encryption(credential: Credential | Certificate | null): object {
  if (credential === null) return { tls_connect: 1, tls_accept: 1 };
  if ('issuer' in credential)
    return { tls_connect: 4, tls_accept: 4, tls_issuer: credential.issuer, tls_subject: credential.subject };
  return { tls_connect: 2, tls_accept: 2, tls_psk_identity: credential.identity, tls_psk: credential.psk };
}

/**
 * Whether Zabbix holds exactly this credential for the host. The key cannot be read, but host.get filters by it
 * (tried on 6.0.14 and 7.0.22).
 */
export async function holdsCredential(api: AdminApi, hostId: string, credential: Credential): Promise<boolean> {
  const filter = { tls_psk_identity: credential.identity, tls_psk: credential.psk };
  const count = await api.call('host.get', { hostids: [hostId], filter, countOutput: true }, z.coerce.number());
  return count === 1;
}

async function firstInterface(api: AdminApi, hostId: string): Promise<string> {
  const reply = z.tuple([z.object({ interfaceid: z.string() })], z.unknown());
  const [first] = await api.call('hostinterface.get', { hostids: [hostId], output: ['interfaceid'] }, reply);
  return first.interfaceid;
}
