import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { SmallHost } from '../hosts/small-host.ts';
import type { AdminApi } from '../zabbix/admin-api.ts';
import { encryption } from '../zabbix/monitored-host.ts';
import type { Order } from './order.ts';

/** When each side of a host's key was changed; milliseconds since 1970. */
export interface Change {
  /** when Zabbix had answered host.update */
  readonly toldMs: number;
  /** when the agent's stop began, and when it listened again with the new key; by the host's clock, which is ours */
  readonly stoppedMs: number;
  readonly listeningMs: number;
}

/**
 * Changes a host's key as a plain script does, as quickly as it can: one side right after the other, by an open connection to
 * the host and to the API. The identity stays; nobody waits for the server, and nobody makes it load its configuration.
 */
export async function rotateByScript(
  order: Exclude<Order, 'server-first'>,
  host: SmallHost,
  api: AdminApi,
): Promise<Change> {
  const psk = randomBytes(32).toString('hex');
  if (order === 'api-first') {
    const toldMs = await tellZabbix(host, psk, api);
    return { toldMs, ...(await writeAndRestart(host, psk)) };
  }
  const restarted = await writeAndRestart(host, psk);
  return { ...restarted, toldMs: await tellZabbix(host, psk, api) };
}

async function tellZabbix(host: SmallHost, psk: string, api: AdminApi): Promise<number> {
  const { identity } = host.credential;
  await api.call('host.update', { hostid: host.monitored.hostId, ...encryption({ identity, psk }) }, z.unknown());
  return Date.now();
}

const script = readFileSync(new URL('write-and-restart.sh', import.meta.url), 'utf8');

async function writeAndRestart(
  { machine, ip, keyFile, paths }: SmallHost,
  psk: string,
): Promise<Omit<Change, 'toldMs'>> {
  const stdout = await machine.must(['sh', '-c', script], {
    input: `${psk}\n`,
    environment: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      ...{ keyFile, service: paths.service, pidFile: paths.pidFile, address: ip },
    },
  });
  const [stoppedMs, listeningMs] = z.tuple([z.coerce.number(), z.coerce.number()]).parse(stdout.trim().split(' '));
  return { stoppedMs, listeningMs };
}
