import { tryNewerVersions } from '../contract.ts';
import { Refusal } from '../errors.ts';
import type { TlsLimits } from '../rotation/ports.ts';

/** Every difference between Zabbix versions that this service meets. The rest of the code speaks our words. */
export interface Dialect {
  readonly release: readonly [major: number, minor: number];
  /**
   * `lab`: seen on real servers. `documents`: taken from Zabbix' manual and source (docs/zabbix-versions.md), never run.
   * `guess`: a newer version that is spoken to like the newest one here, because the operator asked for it.
   */
  readonly knownFrom: 'lab' | 'documents' | 'guess';
  /** Where the token goes: 6.0 ignores the header, 7.2 refuses the body's `auth`. */
  readonly auth: 'body' | 'header';
  /** Field of a host that tells who monitors it: a proxy's id (6.x), or whether it is a proxy or a group of them; `0` is the server. */
  readonly hostMonitoredByField: 'proxy_hostid' | 'monitored_by';
  /** How soon a proxy learns of a key that the server has, by default: 10 s in 7.0 (measured), an hour in 6.0; of 6.4 it is not known. */
  readonly proxiesLearn: 'prompt' | 'slow';
  /** Fields of a proxy for its name and its mode, and the mode of one that the server asks. */
  readonly proxyNameField: 'host' | 'name';
  readonly proxyModeField: 'status' | 'operating_mode';
  readonly passiveProxyMode: '6' | '1';
  /** Whether `proxy.get` compares keys in `filter`, as `host.get` does. 7.0 refuses them there; of 6.4 it is not known. */
  readonly proxyKeysAreCompared: boolean;
  /** Whether a proxy tells whether the server takes it for online (`state`). */
  readonly proxyStateIsTold: boolean;
  /** How the hosts that a proxy monitors are asked for, and the fields that they come in: since 7.0 those that its group has given it, too. */
  readonly proxyHosts: readonly (readonly [select: string, field: 'hosts' | 'assignedHosts'])[];
  /**
   * Whether `script.execute` says at once that the server's key and the agent's differ. From 7.0 on the server then tries active mode, and one
   * of its trappers (5 by default) is busy for 60 s: some such questions at once, and no active agent and no proxy is heard for a minute.
   */
  readonly scriptExecuteTellsAtOnce: boolean;
  /** Field of a host that holds the id of the proxy that monitors it. */
  readonly hostProxyField: 'proxy_hostid' | 'proxyid';
  /** Fields of a host of which one holds the id of the proxy at work for it: a group's is the one that the server has assigned. */
  readonly hostProxyFields: readonly ('proxy_hostid' | 'proxyid' | 'assigned_proxyid')[];
  /** Whether a host tells that its active agent is heard of (`active_available`, since 6.2). */
  readonly activeAgentsAreTold: boolean;
  /** How a user group's rights to host groups are asked for, and the field that they come in (renamed in 6.2). */
  readonly groupRights: readonly [select: string, field: 'rights' | 'hostgroup_rights'];
}

/** Newest first. */
const dialects = [
  {
    release: [7, 4],
    knownFrom: 'documents',
    auth: 'header',
    hostMonitoredByField: 'monitored_by',
    proxiesLearn: 'prompt',
    proxyNameField: 'name',
    proxyModeField: 'operating_mode',
    passiveProxyMode: '1',
    proxyKeysAreCompared: false,
    proxyStateIsTold: true,
    proxyHosts: [
      ['selectHosts', 'hosts'],
      ['selectAssignedHosts', 'assignedHosts'],
    ],
    scriptExecuteTellsAtOnce: false,
    hostProxyField: 'proxyid',
    hostProxyFields: ['proxyid', 'assigned_proxyid'],
    activeAgentsAreTold: true,
    groupRights: ['selectHostGroupRights', 'hostgroup_rights'],
  },
  {
    release: [7, 2],
    knownFrom: 'documents',
    auth: 'header',
    hostMonitoredByField: 'monitored_by',
    proxiesLearn: 'prompt',
    proxyNameField: 'name',
    proxyModeField: 'operating_mode',
    passiveProxyMode: '1',
    proxyKeysAreCompared: false,
    proxyStateIsTold: true,
    proxyHosts: [
      ['selectHosts', 'hosts'],
      ['selectAssignedHosts', 'assignedHosts'],
    ],
    scriptExecuteTellsAtOnce: false,
    hostProxyField: 'proxyid',
    hostProxyFields: ['proxyid', 'assigned_proxyid'],
    activeAgentsAreTold: true,
    groupRights: ['selectHostGroupRights', 'hostgroup_rights'],
  },
  {
    release: [7, 0],
    knownFrom: 'lab',
    auth: 'header',
    hostMonitoredByField: 'monitored_by',
    proxiesLearn: 'prompt',
    proxyNameField: 'name',
    proxyModeField: 'operating_mode',
    passiveProxyMode: '1',
    proxyKeysAreCompared: false,
    proxyStateIsTold: true,
    proxyHosts: [
      ['selectHosts', 'hosts'],
      ['selectAssignedHosts', 'assignedHosts'],
    ],
    scriptExecuteTellsAtOnce: false,
    hostProxyField: 'proxyid',
    hostProxyFields: ['proxyid', 'assigned_proxyid'],
    activeAgentsAreTold: true,
    groupRights: ['selectHostGroupRights', 'hostgroup_rights'],
  },
  {
    release: [6, 4],
    knownFrom: 'documents',
    auth: 'header',
    hostMonitoredByField: 'proxy_hostid',
    proxiesLearn: 'slow',
    proxyNameField: 'host',
    proxyModeField: 'status',
    passiveProxyMode: '6',
    proxyKeysAreCompared: false,
    proxyStateIsTold: false,
    proxyHosts: [['selectHosts', 'hosts']],
    scriptExecuteTellsAtOnce: true,
    hostProxyField: 'proxy_hostid',
    hostProxyFields: ['proxy_hostid'],
    activeAgentsAreTold: true,
    groupRights: ['selectHostGroupRights', 'hostgroup_rights'],
  },
  {
    release: [6, 0],
    knownFrom: 'lab',
    auth: 'body',
    hostMonitoredByField: 'proxy_hostid',
    proxiesLearn: 'slow',
    proxyNameField: 'host',
    proxyModeField: 'status',
    passiveProxyMode: '6',
    proxyKeysAreCompared: true,
    proxyStateIsTold: false,
    proxyHosts: [['selectHosts', 'hosts']],
    scriptExecuteTellsAtOnce: true,
    hostProxyField: 'proxy_hostid',
    hostProxyFields: ['proxy_hostid'],
    activeAgentsAreTold: false,
    groupRights: ['selectRights', 'rights'],
  },
] as const satisfies readonly Dialect[];

const [newest] = dialects;

/** What becomes of a Zabbix that is newer than every row. Guessing how to write keys is nothing to do unasked. */
export type NewerVersions = 'refuse' | typeof tryNewerVersions;

/** @throws {Refusal} for a version that is not in the table, unless it is a newer one and trying was asked for */
export function dialectOf(version: string, newerVersions: NewerVersions): Dialect {
  const [major, minor] = releaseOf(version);
  const known = dialects.find(({ release }) => release[0] === major && release[1] === minor);
  if (known !== undefined) return known;

  const isNewer = major > newest.release[0] || (major === newest.release[0] && minor > newest.release[1]);
  if (isNewer && newerVersions === tryNewerVersions) return { ...newest, knownFrom: 'guess' };
  throw new Refusal(
    'ZABBIX_VERSION_UNSUPPORTED',
    `Zabbix answers with version ${version}${isNewer ? ', which is newer than this service knows' : ''}; supported are ${supported()}` +
      `${isNewer ? `; update the service, or set "newerVersions": "${tryNewerVersions}" beside zabbix.url in the inventory` : ''}; see docs/zabbix-versions.md`,
  );
}

/** `7.4` of a row. */
export function releaseName({ release }: Dialect): string {
  return release.join('.');
}

/** Major and minor as numbers: 7.10 is not 7.1, and 10.0 is newer than 7.4. NaN, which equals and exceeds nothing, for what is no version. */
function releaseOf(version: string): [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.|$)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

function supported(): string {
  const names = dialects.map(releaseName).toReversed();
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Zabbix' own words when a token is missing, wrong, disabled or expired; 6.0 and 7.0 spell it differently. */
export const notAuthorised = /not authori[sz]ed|API token expired|session terminated/i;

/**
 * By the words with which `-V` names the library that a program runs with, the same in every version (Zabbix manual, "Using
 * pre-shared keys", and docs/zabbix-versions.md). OpenSSL 3 was seen to take what the API does.
 */
const tlsLibraries: readonly (TlsLimits & { readonly named: RegExp })[] = [
  { named: /^GnuTLS \d/, identityBytes: 128, keyBytes: 256 },
  { named: /^OpenSSL [3-9]\./, identityBytes: 128, keyBytes: 256 },
  { named: /^OpenSSL 1\.1\.1[a-z]/, identityBytes: 127, keyBytes: 256 },
  { named: /^OpenSSL 1\.1\.1(?![\da-z])/, identityBytes: 127, keyBytes: 64 },
  { named: /^OpenSSL 1\.(0\.\d|1\.0)/, identityBytes: 127, keyBytes: 256 },
];

/** What a library takes; of one that is not in the table, what all of those take. */
export function limitsOf(tlsLibrary: string): TlsLimits {
  const known = tlsLibraries.filter(({ named }) => named.test(tlsLibrary));
  const among = known.length > 0 ? known : tlsLibraries;
  return {
    identityBytes: Math.min(...among.map(({ identityBytes }) => identityBytes)),
    keyBytes: Math.min(...among.map(({ keyBytes }) => keyBytes)),
  };
}
