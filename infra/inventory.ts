/**
 * What the operator wants rotated, and where Zabbix is: one JSON file, named by the context key `inventory` in cdk.json.
 * It is read completely before anything is built, and every problem is told at once.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Door, doors, placePattern, tryNewerVersions } from '../lambda/contract.ts';
import { Fields, isRecord } from './fields.ts';
import { type Reload, reload, reloadVariables } from './reload.ts';
import { scheduleProblems, windowProblems } from './schedule.ts';

export interface Inventory {
  readonly zabbix: Zabbix;
  /** Absent: the function runs outside any VPC and reaches Zabbix over the Internet. */
  readonly network?: Network;
  readonly alarms: Alarms;
  /** Absent: every cache is renewed in its own time. */
  readonly reload?: Reload;
  readonly timeouts: Timeouts;
  readonly evidence: Evidence;
  /** Absent: there is no report function. */
  readonly report?: Report;
  /** Absent: AWS Config is not asked about anything. */
  readonly configRules?: ConfigRuleSettings;
  readonly secrets: readonly SecretEntry[];
}

export interface Zabbix {
  /** The API's address, https only: `https://zabbix.example.com/api_jsonrpc.php` */
  readonly url: string;
  /** PEM certificates of the private authority that signed Zabbix' certificate (from `caFile`, relative to the inventory). */
  readonly caPem?: string;
  /** `host:port` of the Zabbix server's trapper, for the TLS-PSK probe from the function. */
  readonly server?: string;
  /**
   * Its other addresses, as agents name them in `ServerActive`: proxies, nodes of a cluster, a server's second name. Without a port, 10051.
   * Absent: of several places that an agent reports to, `server` alone is known to be of this Zabbix.
   */
  readonly places?: readonly string[];
  /** Name of the global script that the function may call through `script.execute`. */
  readonly probeScript?: string;
  /** The server's `CacheUpdateFrequency`, in seconds, where its configuration file sets one. The API does not tell it. */
  readonly cacheUpdateFrequencyS?: number;
  /**
   * The server's `ProxyConfigFrequency`, in seconds: how often a passive proxy before 7.0 is sent its configuration, and with it the keys of
   * its hosts. Absent: hosts behind such a proxy are refused.
   */
  readonly proxyConfigFrequencyS?: number;
  /** Absent: a Zabbix that is newer than this service knows is refused. */
  readonly newerVersions?: typeof tryNewerVersions;
}

/** The subnets need a way to Secrets Manager, Systems Manager, S3, Zabbix, and to KMS where reports are signed: NAT, or endpoints and a route. */
export interface Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface Alarms {
  /** Gets a mail to confirm, then one for every failed rotation. */
  readonly email?: string;
  /** Address of docs/runbook.md as its readers open it; messages end with an article of it. */
  readonly runbook?: string;
}

/** All in whole seconds. */
export interface Timeouts {
  /** Longest wait for the server to accept the new key. */
  readonly serverWaitS: number;
  /** Longest wait for an agent to come up after its restart. */
  readonly agentStartS: number;
  /** Longest wait for fresh contact after the switch. */
  readonly proveTimeoutS: number;
}

export interface Evidence {
  /** How long a record cannot be deleted, in days. A longer time holds for the records that come; nothing shortens one that is set. */
  readonly retentionDays: number;
  /** `governance`: who has `s3:BypassGovernanceRetention` can delete before; `compliance`: nobody can, the account's root included. */
  readonly lock: 'governance' | 'compliance';
  /** `s3`: with S3's own keys. `stack-key`: with the KMS key of the stack. */
  readonly encryption: 's3' | 'stack-key';
}

export interface Report {
  /** When EventBridge asks for one, in UTC: `cron(0 6 1 * ? *)` or `rate(7 days)`. */
  readonly schedule: string;
  /** Whether an asymmetric KMS key of the stack signs the manifest of each report; about a dollar a month. */
  readonly sign: boolean;
}

export interface ConfigRuleSettings {
  /** Days without a rotation after which AWS Config finds a secret not compliant, whoever's it is. */
  readonly maxDaysSinceRotation: number;
}

export interface SecretEntry {
  /** What follows `zabbix-psk/` in the secret's name. */
  readonly name: string;
  /** `cron(0 3 1 * ? *)` or `rate(30 days)`, in UTC. */
  readonly schedule: string;
  /** Hours that Secrets Manager may use to begin and to try again, `4h`. Absent: until the UTC day ends. */
  readonly window?: string;
  /** What its targets take once they are encrypted for the first time. Absent: one that is unencrypted is refused. */
  readonly firstEncryption?: Door;
}

/**
 * serverWaitS: twice the 60 s in which a 6.0 server reloads its configuration cache by default, and time for a large one.
 * agentStartS: both agents are up within a second; a host under load gets a generous multiple.
 * proveTimeoutS: an active agent whose first connection fails tries again after 60 s, its next value comes an interval later.
 */
const defaultTimeouts: Timeouts = { serverWaitS: 150, agentStartS: 20, proveTimeoutS: 120 };

const mostServerWaitS = 400;
/** A rotation may wait as long on its way back, and must have ended before the next one, which may come 4 hours later. */
const mostProxyConfigFrequencyS = 6_000;
/** PCI DSS 10.5.1 wants 12 months of audit history; the month more lets a yearly audit be late. */
const defaultEvidence: Evidence = { retentionDays: 396, lock: 'governance', encryption: 's3' };
/** What the rule takes by itself, and what PCI DSS 8.3.9 wants. */
const defaultConfigRules: ConfigRuleSettings = { maxDaysSinceRotation: 90 };
/** Secrets Manager's longest time between two rotations is 999 days: more could never be exceeded by a plan that works. */
const mostDaysSinceRotation = 1_000;
/** S3's own limit: 100 years. */
const mostRetentionDays = 36_500;

/** Lambda's own limit, in seconds. */
const functionTimeoutS = 900;
/** For everything that is not a wait of its own: preparing nodes, calls, the record. */
const functionReserveS = 60;

/** A stack holds 500 resources, a secret with its schedule takes two, everything else fewer than 60. */
const mostSecrets = 200;

/** Lambda allows 4 kB for the whole environment; names of documents and addresses need less than 1.5 kB of it. Nodes of `reload` and `zabbix.places` share this room. */
const mostCaBytes = 2_500;

export class InventoryError extends Error {
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    // Values stand in them as they were written; a terminal must not obey what a file holds.
    const lines = problems.map((problem) => `  · ${problem.replace(/\p{Cc}/gu, '\uFFFD')}`);
    super(`${count} in ${file}:\n${lines.join('\n')}`);
    this.name = 'InventoryError';
    this.problems = problems;
  }
}

/** @throws {InventoryError} with every problem of the file */
export function readInventory(file: string): Inventory {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new InventoryError(file, [
      `the file cannot be read (${errorCode(cause)}); copy inventory.example.json, fill it in, and name it in cdk.json or with -c inventory=<file>.`,
    ]);
  }
  return parseInventory(text, file);
}

/** @throws {InventoryError} with every problem of the text */
export function parseInventory(text: string, file: string): Inventory {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InventoryError(file, [`the file is not JSON (${why}); correct it there.`]);
  }
  const problems: string[] = [];
  const top = new Fields('the inventory', json, problems);
  const inventory: Inventory = {
    zabbix: zabbix(top.object('zabbix'), dirname(file)),
    ...network(top.optionalObject('network')),
    alarms: alarms(top.optionalObject('alarms')),
    ...reload(top.optionalObject('reload')),
    timeouts: timeouts(top.optionalObject('timeouts')),
    evidence: evidence(top.optionalObject('evidence')),
    ...report(top.optionalObject('report')),
    ...configRules(top.optionalObject('configRules')),
    secrets: secrets(top.list('secrets'), problems),
  };
  top.refuseOthers();
  problems.push(...serverWaitProblems(inventory), ...environmentProblems(inventory));
  if (problems.length > 0) throw new InventoryError(file, problems);
  return inventory;
}

function zabbix(fields: Fields, folder: string): Zabbix {
  const url = fields.text('url', urlProblem);
  const caPem = caPemFrom(fields, folder);
  const server = fields.optionalText('server', serverProblem);
  const places = placesIn(fields);
  const probeScript = fields.optionalText('probeScript', probeScriptProblem);
  const cacheUpdateFrequencyS = fields.wholeNumber('cacheUpdateFrequencyS', 1, 3_600);
  const proxyConfigFrequencyS = fields.wholeNumber('proxyConfigFrequencyS', 1, mostProxyConfigFrequencyS);
  const newerVersions = fields.optionalText('newerVersions', newerVersionsProblem);
  fields.refuseOthers();
  return {
    url,
    ...(caPem === undefined ? {} : { caPem }),
    ...(server === undefined ? {} : { server }),
    ...(places.length === 0 ? {} : { places }),
    ...(probeScript === undefined ? {} : { probeScript }),
    ...(cacheUpdateFrequencyS === undefined ? {} : { cacheUpdateFrequencyS }),
    ...(proxyConfigFrequencyS === undefined ? {} : { proxyConfigFrequencyS }),
    ...(newerVersions === tryNewerVersions ? { newerVersions } : {}),
  };
}

function urlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'is not an address; write it like https://zabbix.example.com/api_jsonrpc.php.';
  const url = new URL(value);
  if (url.protocol !== 'https:') {
    return 'must begin with https://: keys and the API token travel over this connection; give the frontend a certificate (a private authority goes into caFile).';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user or password; they belong into the access secret.';
  }
  if (!url.pathname.endsWith('/api_jsonrpc.php') || url.search !== '' || url.hash !== '') {
    return 'must end with /api_jsonrpc.php, which is where Zabbix answers API calls; add it to the address of the frontend.';
  }
  return undefined;
}

function serverProblem(value: string): string | undefined {
  const port = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})$/.exec(value)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    return 'must be host:port; write it like zabbix.example.com:10051.';
  }
  return undefined;
}

function placesIn(fields: Fields): readonly string[] {
  return fields.optionalList('places').filter((place): place is string => {
    if (typeof place === 'string' && placePattern.test(place)) return true;
    fields.complain('places', place, 'must be one address, with a port or without; write it as ServerActive has it.');
    return false;
  });
}

function probeScriptProblem(value: string): string | undefined {
  if (!/^[^\p{Cc}]{1,255}$/u.test(value)) {
    return 'must be the name of a script in Zabbix, 1 to 255 characters in one line; copy it from Alerts > Scripts.';
  }
  return undefined;
}

function newerVersionsProblem(value: string): string | undefined {
  if (value === tryNewerVersions) return undefined;
  return `must be "${tryNewerVersions}", at your own risk; remove the line and a Zabbix newer than this service knows is refused.`;
}

/** Certificates only, without the comments that `openssl x509 -text` leaves around them. */
function caPemFrom(fields: Fields, folder: string): string | undefined {
  const name = fields.optionalText('caFile', () => undefined);
  if (name === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(resolve(folder, name), 'utf8');
  } catch (cause) {
    fields.complain(
      'caFile',
      name,
      `cannot be read (${errorCode(cause)}); its path is relative to the inventory's folder.`,
    );
    return undefined;
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (/PRIVATE KEY-----/.test(text)) {
    fields.complain(
      'caFile',
      name,
      'holds a private key, which would end in the template; name a file with certificates only.',
    );
  } else if (certificates.length === 0 || !certificates.every(isCertificate)) {
    fields.complain('caFile', name, 'is not a PEM certificate; convert it with openssl x509 -inform der -outform pem.');
  } else if (certificates.join('\n').length > mostCaBytes) {
    fields.complain(
      'caFile',
      name,
      `holds ${certificates.join('\n').length} bytes of certificates, but only ${mostCaBytes} fit into the function's environment; keep the one authority that signed Zabbix' certificate.`,
    );
  } else {
    return certificates.join('\n');
  }
  return undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

function network(fields: Fields | undefined): { network?: Network } {
  if (fields === undefined) return {};
  const subnetIds = fields.ids('subnetIds', /^subnet-[0-9a-f]{8,17}$/, 'subnet-0123456789abcdef0');
  const securityGroupIds = fields.ids('securityGroupIds', /^sg-[0-9a-f]{8,17}$/, 'sg-0123456789abcdef0');
  fields.refuseOthers();
  return { network: { subnetIds, securityGroupIds } };
}

function alarms(fields: Fields | undefined): Alarms {
  const email = fields?.optionalText('email', (value) =>
    /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(value)
      ? undefined
      : 'is not an e-mail address; write it like on-call@example.com.',
  );
  const runbook = fields?.optionalText('runbook', (value) =>
    URL.canParse(value) && !/[#\s]/.test(value)
      ? undefined
      : 'is not the address of a page; write it like https://wiki.example.com/zabbix-psk/runbook, without a #.',
  );
  fields?.refuseOthers();
  return { ...(email === undefined ? {} : { email }), ...(runbook === undefined ? {} : { runbook }) };
}

function report(fields: Fields | undefined): { report?: Report } {
  if (fields === undefined) return {};
  const schedule = fields.text('schedule', (value) => scheduleProblems(value)[0]);
  const sign = fields.yesOrNo('sign');
  fields.refuseOthers();
  return { report: { schedule, sign } };
}

function configRules(fields: Fields | undefined): { configRules?: ConfigRuleSettings } {
  if (fields === undefined) return {};
  const days = fields.wholeNumber('maxDaysSinceRotation', 1, mostDaysSinceRotation, 'days');
  fields.refuseOthers();
  return { configRules: { maxDaysSinceRotation: days ?? defaultConfigRules.maxDaysSinceRotation } };
}

function evidence(fields: Fields | undefined): Evidence {
  const retentionDays = fields?.wholeNumber('retentionDays', 1, mostRetentionDays, 'days');
  const lock = fields?.optionalText('lock', oneOf('governance', 'compliance'));
  const encryption = fields?.optionalText('encryption', oneOf('s3', 'stack-key'));
  fields?.refuseOthers();
  return {
    retentionDays: retentionDays ?? defaultEvidence.retentionDays,
    lock: lock === 'compliance' ? lock : defaultEvidence.lock,
    encryption: encryption === 'stack-key' ? encryption : defaultEvidence.encryption,
  };
}

function oneOf(...words: readonly string[]): (value: string) => string | undefined {
  const listed = words.map((word) => `"${word}"`).join(' or ');
  return (value) => (words.includes(value) ? undefined : `must be ${listed}; remove the line for "${words[0]}".`);
}

function timeouts(fields: Fields | undefined): Timeouts {
  if (fields === undefined) return defaultTimeouts;
  const chosen: Timeouts = {
    serverWaitS: fields.wholeNumber('serverWaitS', 10, mostServerWaitS) ?? defaultTimeouts.serverWaitS,
    agentStartS: fields.wholeNumber('agentStartS', 5, 120) ?? defaultTimeouts.agentStartS,
    proveTimeoutS: fields.wholeNumber('proveTimeoutS', 10, 400) ?? defaultTimeouts.proveTimeoutS,
  };
  fields.refuseOthers();
  const neededS = longestRunS(chosen);
  if (neededS > functionTimeoutS) {
    fields.complainAboutAll(
      `must leave time to go back: switching and going back take up to ${neededS} s with ` +
        `serverWaitS ${chosen.serverWaitS}, agentStartS ${chosen.agentStartS}, proveTimeoutS ${chosen.proveTimeoutS}, ` +
        `but the function ends after ${functionTimeoutS} s; lower them.`,
    );
  }
  return chosen;
}

/** 7.0 renews its cache so often by default, 6.0 every 60 s: what is shorter is too short for both. Seconds. */
const shortestCacheUpdateS = 10;

/** The old key works until the server renews its cache: whoever waits for less goes back, or takes the old key's contact for the new one's. */
function serverWaitProblems({ zabbix: { cacheUpdateFrequencyS }, timeouts: { serverWaitS } }: Inventory): string[] {
  const everyS = cacheUpdateFrequencyS ?? shortestCacheUpdateS;
  if (serverWaitS > everyS) return [];
  const remedy =
    everyS < mostServerWaitS
      ? 'raise it'
      : `lower CacheUpdateFrequency below ${mostServerWaitS}, since a function cannot wait longer`;
  return [
    `timeouts: serverWaitS ${serverWaitS} must be more than the ${everyS} s after which the Zabbix server renews its cache (zabbix.cacheUpdateFrequencyS); ${remedy}.`,
  ];
}

/** The certificates have been looked at by themselves. */
function environmentProblems({ zabbix: { caPem = '', places = [] }, reload: nodes }: Inventory): string[] {
  if (caPem.length > mostCaBytes) return [];
  const bytes = [places, Object.values(nodes === undefined ? {} : reloadVariables(nodes))].flat().join(',').length;
  const room = mostCaBytes - caPem.length;
  if (bytes <= room) return [];
  return [
    `reload and zabbix.places: their nodes, names and addresses take ${bytes} bytes, but beside the certificates only ${room} fit into the function's environment; name fewer, or deploy the rest in another account or Region.`,
  ];
}

/** There and back: each way waits for the server, for an agent that starts late and is started once more, and for contact. */
function longestRunS({ serverWaitS, agentStartS, proveTimeoutS }: Timeouts): number {
  return 2 * (serverWaitS + 2 * agentStartS + proveTimeoutS) + functionReserveS;
}

function secrets(list: readonly unknown[], problems: string[]): SecretEntry[] {
  const entries = list.map((item, index) => secretEntry(item, `secrets[${index}]`, problems));
  const names = entries.map(({ name }) => name).filter((name) => name !== '');
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push(
      `secrets: the name "${name}" occurs ${names.filter((n) => n === name).length} times; keep one of them.`,
    );
  }
  if (list.length > mostSecrets) {
    problems.push(
      `secrets: ${list.length} entries, but a stack has room for ${mostSecrets}; let several targets share a secret, or deploy the rest in another account or Region.`,
    );
  }
  return entries;
}

function secretEntry(item: unknown, place: string, problems: string[]): SecretEntry {
  const label = isRecord(item) && typeof item.name === 'string' ? `${place} "${item.name}"` : place;
  const fields = new Fields(label, item, problems);
  const name = fields.text('name', nameProblem);
  const schedule = fields.text('schedule', (value) => scheduleProblems(value)[0]);
  const window = fields.optionalText('window', (value) => windowProblems(value, schedule)[0]);
  const asked = fields.optionalText('firstEncryption', firstEncryptionProblem);
  const firstEncryption = doors.find((door) => door === asked);
  fields.refuseOthers();
  return {
    name,
    schedule,
    ...(window === undefined ? {} : { window }),
    ...(firstEncryption === undefined ? {} : { firstEncryption }),
  };
}

function firstEncryptionProblem(value: string): string | undefined {
  if (doors.some((door) => door === value)) return undefined;
  return 'must be "only-psk", or "unencrypted-too" to leave unencrypted connections open; remove the line and nothing is encrypted for the first time.';
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith('zabbix-psk/'))
    return 'must not begin with zabbix-psk/, which is put before every name; leave it out.';
  if (name.length > 200) return `is ${name.length} characters long; shorten it to at most 200.`;
  if (!/^[A-Za-z0-9/_+=.@-]+$/.test(name)) {
    return 'may hold only letters, digits and / _ + = . @ -, which is what Secrets Manager allows; rename it.';
  }
  if (/^\/|\/$|\/\//.test(name)) return 'must not begin or end with / nor hold //; remove the empty part.';
  return undefined;
}

function errorCode(cause: unknown): string {
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : String(cause);
}
