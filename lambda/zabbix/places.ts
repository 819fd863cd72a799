/** Addresses as `ServerActive` has them, and which of them are known to be of this Zabbix. */
import type { ServerAddress } from './port-probe.ts';

/** What an agent takes where no port is named. */
const trapperPort = 10_051;

/** Whether a place of `ServerActive` is one of these. A cluster (`a;b`) is one place, and one Zabbix whichever of its nodes is known. */
export function isOneOf(known: readonly string[], place: string): boolean {
  const addresses = new Set(known.map(withPort));
  return place.split(';').some((address) => addresses.has(withPort(address)));
}

export function addressOf({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function withPort(address: string): string {
  const [, bracketed, afterBrackets] = /^\[(.*)\](?::(\d+))?$/.exec(address) ?? [];
  if (bracketed !== undefined) return `${bracketed.toLowerCase()} ${Number(afterBrackets ?? trapperPort)}`;
  const [, host, port] = /^([^:]*):(\d+)$/.exec(address) ?? [];
  return `${(host ?? address).toLowerCase()} ${Number(port ?? trapperPort)}`;
}
