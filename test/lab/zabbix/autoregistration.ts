import { z } from 'zod';
import type { Machine } from '../machine.ts';
import type { AdminApi } from './admin-api.ts';
import { query } from './database.ts';
import type { Credential } from './monitored-host.ts';

/** Makes Zabbix take in agents that it does not know yet, with this key only, and put them into a host group. */
export async function takeInNewcomers(api: AdminApi, credential: Credential, groupId: string): Promise<void> {
  await giveAutoregistration(api, credential, 2);
  await api.create('action.create', {
    name: 'take in newcomers',
    eventsource: 2,
    operations: [{ operationtype: 2 }, { operationtype: 4, opgroup: [{ groupid: groupId }] }],
  });
}

/** @param accept 2: with a key only, 3: without one, too */
export async function giveAutoregistration(api: AdminApi, { identity, psk }: Credential, accept: 2 | 3): Promise<void> {
  const settings = { tls_accept: accept, tls_psk_identity: identity, tls_psk: psk };
  await api.call('autoregistration.update', settings, z.unknown());
}

/** What Zabbix holds for autoregistration. Asked of the database: the API tells nobody. */
export async function heldForAutoregistration(serverMachine: Machine): Promise<Credential> {
  const [row = ''] = await query(serverMachine, 'zabbix', 'select tls_psk_identity, tls_psk from config_autoreg_tls;');
  const [identity = '', psk = ''] = row.split('|');
  return { identity, psk };
}

/** Id of a host by its name; undefined: Zabbix has none. */
export async function hostIdOf(api: AdminApi, name: string): Promise<string | undefined> {
  const reply = z.array(z.object({ hostid: z.string() }));
  const [found] = await api.call('host.get', { filter: { host: [name] }, output: ['hostid'] }, reply);
  return found?.hostid;
}
