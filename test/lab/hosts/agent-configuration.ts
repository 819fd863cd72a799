import { withParameters } from '../configuration-file.ts';
import type { Machine } from '../machine.ts';
import { certificateParameters } from '../zabbix/authority.ts';
import type { Checks, Credential } from '../zabbix/monitored-host.ts';
import { type AgentKind, agents } from './agent.ts';

/** Where the TLS parameters stand. `both`: what is read last and so holds is right, the other place has older ones. */
export type TlsPlace = 'main' | 'drop-in' | 'both';

export interface KeyFile {
  readonly path: string;
  /** `user:group` */
  readonly owner: string;
  /** octal, as `chmod` takes it */
  readonly mode: string;
}

export interface AgentSettings {
  readonly kind: AgentKind;
  readonly hostname: string;
  readonly ip: string;
  readonly checks: Checks;
  readonly server: string;
  /** null: not set, so that nothing tells where the server is */
  readonly serverActive: string | null;
  /** undefined: as the version has it */
  readonly refreshActiveChecksS: number | undefined;
  readonly credential: Credential | null;
  readonly tlsPlace: TlsPlace;
  readonly keyFile: KeyFile;
}

/** Writes the agent's configuration into Debian's own files, as an administrator edits them, and its key file. */
export async function configureAgent(machine: Machine, settings: AgentSettings): Promise<void> {
  const { config, dropIn } = agents[settings.kind];
  const { credential, tlsPlace, keyFile } = settings;
  const inFiles = withParameters(machine.read(config), network(settings));
  machine.write(config, inFiles);
  if (credential === null) return;

  const current = tls(credential.identity, keyFile.path);
  const older = tls(`${credential.identity}.older`, '/etc/zabbix/older.psk');
  const withCurrent = withParameters(inFiles, current);
  // 6.0 includes the drop-ins before its TLS section, 7.0 at the end of the file.
  const dropInIsLast = withCurrent.lastIndexOf('\nInclude=/etc/') > withCurrent.indexOf('\nTLSPSKIdentity=');
  if (tlsPlace === 'main') machine.write(config, withCurrent);
  if (tlsPlace === 'drop-in') machine.write(dropIn, lines(current));
  if (tlsPlace === 'both') {
    machine.write(config, dropInIsLast ? withParameters(inFiles, older) : withCurrent);
    machine.write(dropIn, lines(dropInIsLast ? current : older));
  }
  await machine.must(['install', '-d', keyFile.path.slice(0, keyFile.path.lastIndexOf('/'))]);
  machine.write(keyFile.path, `${credential.psk}\n`, 0o600);
  await machine.must(['chown', keyFile.owner, keyFile.path]);
  await machine.must(['chmod', keyFile.mode, keyFile.path]);
}

/** As an administrator has it who lets both ends show certificates. */
export function useCertificate(machine: Machine, kind: AgentKind): void {
  const { config } = agents[kind];
  const parameters = { TLSConnect: 'cert', TLSAccept: 'cert', ...certificateParameters };
  machine.write(config, withParameters(machine.read(config), parameters));
}

/** SourceIP, because all hosts share one network and the agent would otherwise come from 127.0.0.1. */
function network({
  kind,
  hostname,
  ip,
  checks,
  server,
  serverActive,
  refreshActiveChecksS,
}: AgentSettings): Record<string, string | null> {
  return {
    Hostname: hostname,
    ListenIP: ip,
    SourceIP: ip,
    Server: checks === 'active' ? null : server,
    ServerActive: checks === 'passive' ? null : serverActive,
    ...(refreshActiveChecksS === undefined ? {} : { RefreshActiveChecks: `${refreshActiveChecksS}` }),
    ...(kind === 'zabbix_agentd' ? { StartAgents: checks === 'active' ? '0' : '1' } : {}),
  };
}

function tls(identity: string, keyFile: string): Record<string, string> {
  return { TLSConnect: 'psk', TLSAccept: 'psk', TLSPSKIdentity: identity, TLSPSKFile: keyFile };
}

function lines(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
