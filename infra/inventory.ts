/**
 * What the operator wants rotated, and where Zabbix is: one JSON file, named by the context key `inventory` in cdk.json.
 * It is read completely before anything is built, and every problem is told at once.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, Fields } from './fields.ts';
import { type SecretEntry, secrets } from './inventory/secrets.ts';
import { mostServerWaitS, type Timeouts, timeouts } from './inventory/timeouts.ts';
import { mostCaBytes, type Zabbix, zabbix } from './inventory/zabbix.ts';
import { type Reload, reload, reloadVariables } from './reload.ts';
import { scheduleProblems } from './schedule.ts';

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

/** PCI DSS 10.5.1 wants 12 months of audit history; the month more lets a yearly audit be late. */
const defaultEvidence: Evidence = { retentionDays: 396, lock: 'governance', encryption: 's3' };
/** What the rule takes by itself, and what PCI DSS 8.3.9 wants. */
const defaultConfigRules: ConfigRuleSettings = { maxDaysSinceRotation: 90 };
/** Secrets Manager's longest time between two rotations is 999 days: more could never be exceeded by a plan that works. */
const mostDaysSinceRotation = 1_000;
/** S3's own limit: 100 years. */
const mostRetentionDays = 36_500;

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
