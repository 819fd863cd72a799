import {
  documentEnvironmentKey,
  environmentKeys,
  nodeIdPattern,
  placePattern,
  proxyMayLagS,
  proxyNamePattern,
  tryNewerVersions,
  type Verb,
} from './contract.ts';
import { ServiceError } from './errors.ts';
import type { ReloadNodes } from './fleet/reloader.ts';
import type { Patience } from './rotation/ports.ts';
import type { NewerVersions } from './zabbix/dialect.ts';
import type { ServerAddress } from './zabbix/port-probe.ts';

export interface Config {
  readonly zabbixUrl: URL;
  /** ARN or name of the secret with the API token, or a user's name and password. */
  readonly zabbixAccessSecret: string;
  readonly zabbixCaPem: string | undefined;
  readonly zabbixServer: ServerAddress | undefined;
  /** Addresses of this Zabbix, as agents' `ServerActive` has them. */
  readonly zabbixPlaces: readonly string[];
  readonly zabbixProbeScript: string | undefined;
  readonly zabbixNewerVersions: NewerVersions;
  readonly documents: Readonly<Record<Verb, string>>;
  /** Nodes whose configuration caches may be reloaded. */
  readonly reload: ReloadNodes;
  readonly patience: Patience;
  /** Name of the bucket that keeps the records. */
  readonly evidenceBucket: string;
  /** ARN or name of the secret with the HMAC key of their fingerprints. */
  readonly fingerprintSecret: string;
  /** ARN of the KMS key that reports are signed with; undefined: they are not. */
  readonly signingKey: string | undefined;
}

/** The environment does not say what it must; all its problems at once. */
export class ConfigError extends ServiceError {
  readonly code = 'CONFIG_INVALID';
  readonly leaves = 'nothing-changed';
}

/** Twice the 60 s in which a 6.0 server renews its cache by default, and the time that renewal takes on a large one. */
const serverWaitSDefault = 150;
/** Both agents are back within 0.5 s; a host under load gets a generous multiple. */
const agentStartSDefault = 20;
/** An active agent whose first connection failed tries again after 60 s; its next value comes an interval later. */
const proveTimeoutSDefault = 120;

/** @throws {ConfigError} */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const problem = (text: string) => {
    problems.push(text);
    return undefined;
  };
  const given = (key: string) => (environment[key] === '' ? undefined : environment[key]);
  const required = (key: string) => given(key) ?? problem(`${key} is missing`) ?? '';
  const seconds = (key: string, fallback: number, min: number, max: number) => {
    const text = given(key);
    if (text === undefined) return fallback * 1000;
    if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text) * 1000;
    problem(`${key} must be ${min}–${max} seconds (got "${text}")`);
    return fallback * 1000;
  };
  /** `a,b`; none where nothing is given. */
  const list = (key: string, each: RegExp, what: string) => {
    const parts = given(key)?.split(',') ?? [];
    if (!parts.every((part) => each.test(part)))
      problem(`${key} must be ${what} with commas between them (got "${given(key)}")`);
    return Object.freeze(parts);
  };

  const config: Config = {
    zabbixUrl: url(required(environmentKeys.zabbixUrl), problem),
    zabbixAccessSecret: required(environmentKeys.zabbixAccessSecret),
    zabbixCaPem: given(environmentKeys.zabbixCaPem),
    zabbixServer: server(given(environmentKeys.zabbixServer), problem),
    zabbixPlaces: list(environmentKeys.zabbixPlaces, placePattern, 'addresses'),
    zabbixProbeScript: given(environmentKeys.zabbixProbeScript),
    zabbixNewerVersions: newerVersions(given(environmentKeys.zabbixNewerVersions), problem),
    documents: {
      inspect: required(documentEnvironmentKey.inspect),
      prepare: required(documentEnvironmentKey.prepare),
      switch: required(documentEnvironmentKey.switch),
      restore: required(documentEnvironmentKey.restore),
      forget: required(documentEnvironmentKey.forget),
      reload: required(documentEnvironmentKey.reload),
    },
    reload: Object.freeze({
      servers: list(environmentKeys.reloadServers, nodeIdPattern, 'node ids'),
      proxies: proxyNodes(given(environmentKeys.reloadProxies), problem),
    }),
    patience: Object.freeze({
      serverWaitMs: seconds(environmentKeys.serverWaitS, serverWaitSDefault, 10, 600),
      agentStartMs: seconds(environmentKeys.agentStartS, agentStartSDefault, 1, 120),
      proveMs: seconds(environmentKeys.proveTimeoutS, proveTimeoutSDefault, 10, 600),
      ...(given(environmentKeys.proxyConfigFrequencyS) === undefined
        ? {}
        : { proxyMs: seconds(environmentKeys.proxyConfigFrequencyS, 0, 1, 6_000) + proxyMayLagS * 1000 }),
    }),
    evidenceBucket: required(environmentKeys.evidenceBucket),
    fingerprintSecret: required(environmentKeys.fingerprintSecret),
    signingKey: given(environmentKeys.signingKey),
  };
  if (problems.length > 0) {
    throw new ConfigError(
      `${problems.length} problem${problems.length === 1 ? '' : 's'} in the environment: ${problems.join(' · ')}`,
    );
  }
  return Object.freeze(config);
}

const nowhere = new URL('https://zabbix.invalid/');

function url(text: string, problem: (text: string) => undefined): URL {
  if (text === '') return nowhere;
  const parsed = URL.parse(text);
  if (parsed?.protocol !== 'https:') problem(`${environmentKeys.zabbixUrl} must be an https URL (got "${text}")`);
  return parsed ?? nowhere;
}

function server(text: string | undefined, problem: (text: string) => undefined): ServerAddress | undefined {
  if (text === undefined) return undefined;
  const [, host, port] = /^\[?([A-Za-z0-9.:-]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    return problem(`${environmentKeys.zabbixServer} must be host:port (got "${text}")`);
  return { host, port: Number(port) };
}

/** `edge=mi-…,site 2=i-…`: Zabbix allows neither = nor , in a name. */
function proxyNodes(text: string | undefined, problem: (text: string) => undefined): ReadonlyMap<string, string> {
  const pairs = (text?.split(',') ?? []).map((pair) => pair.split('='));
  const nodes = new Map(pairs.map(([name = '', node = '']) => [name, node]));
  const good = pairs.every(
    ([name = '', node = '', ...more]) => proxyNamePattern.test(name) && nodeIdPattern.test(node) && more.length === 0,
  );
  if (!good || nodes.size !== pairs.length)
    problem(`${environmentKeys.reloadProxies} must be name=node with commas between them (got "${text}")`);
  return nodes;
}

function newerVersions(text: string | undefined, problem: (text: string) => undefined): NewerVersions {
  if (text === tryNewerVersions) return text;
  if (text !== undefined)
    problem(`${environmentKeys.zabbixNewerVersions} must be ${tryNewerVersions} or absent (got "${text}")`);
  return 'refuse';
}
