import type { Door } from '../../lambda/contract.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import { requestInspection } from '../../lambda/rotation/inspect-request.ts';
import {
  autoregistration,
  type Certificate,
  type CurrentValue,
  fingerprintOf,
  type IdentityMode,
  type Protection,
  type SecretValue,
  type Target,
} from '../../lambda/rotation/model.ts';
import type { Fact } from '../../lambda/rotation/ports.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { repair } from '../../lambda/rotation/repair.ts';
import { requestRotation } from '../../lambda/rotation/rotate-request.ts';
import { runStep, type Step, steps } from '../../lambda/rotation/rotation.ts';
import { FakeAccount } from '../fakes/account.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeSecret } from '../fakes/secrets-manager.ts';
import { FakeHost, same } from '../fakes/site.ts';

export interface WorldOptions {
  readonly hosts?: readonly string[];
  readonly kind?: FakeHost['kind'];
  /** Proxies, each on a node of its own, or beside the host of that name with the same key file. */
  readonly proxies?: readonly {
    readonly name: string;
    readonly beside?: string;
    readonly mode?: 'active' | 'passive';
  }[];
  /** Unencrypted hosts behind the first of the proxies, which no secret lists. */
  readonly inside?: readonly string[];
  /** Names of the targets in the order in which the secret lists them; default: the proxies, then the hosts. */
  readonly listed?: readonly string[];
  /** Machines that the operator has named: of the server, and of proxies by the proxies' own names. */
  readonly reload?: { readonly servers?: readonly string[]; readonly proxies?: readonly string[] };
  /** The secret is that of autoregistration; the hosts have registered with its key, and are no targets of it. */
  readonly autoregistration?: boolean;
  /** Hosts and proxies that share the key and are no targets. */
  readonly neighbours?: readonly string[];
  readonly neighbourProxies?: readonly string[];
  readonly leaves?: string;
  /** Nothing is encrypted yet, and this is what the inventory asks for. */
  readonly unencrypted?: Door | 'not asked';
  /** Neither is it, and both ends use certificates. */
  readonly certificate?: Certificate;
  readonly identity?: string;
  readonly identityMode?: IdentityMode;
  readonly keyBytes?: number;
  /** The hosts are behind a passive proxy of 6.0, and the operator has told how often the server sends it its configuration: hourly. */
  readonly behindPassiveProxy?: boolean;
  /** Another secret names the same targets, with a credential of its own or with the same one. */
  readonly otherSecret?: 'another key' | 'the same key';
  /** What Lambda gives one step, in milliseconds. */
  readonly stepMs?: number;
}

export const token = 'token-of-this-rotation-0000000000000';

/** A secret, its hosts and a Zabbix, all on one key, with time that passes only when everybody waits. */
export function aWorld(options: WorldOptions = {}) {
  const {
    proxies = [],
    hosts: names = proxies.length === 0 && options.autoregistration !== true ? ['web-1'] : [],
    kind = 'both',
    identity = 'web',
    autoregistration: isAutoregistration = false,
    identityMode = 'new',
    neighbours = [],
    neighbourProxies = [],
    leaves,
    listed = [],
    inside: insiders = [],
    unencrypted,
    certificate,
    keyBytes = 32,
    stepMs = 900_000,
    behindPassiveProxy = false,
    otherSecret,
    reload: { servers = [], proxies: hurried = [] } = {},
  } = options;
  const takes = unencrypted === 'not asked' ? undefined : unencrypted;
  const old: Protection = unencrypted === undefined ? { identity, key: PskKey.mint(32) } : { takes, certificate };
  const clock = new FakeClock();
  const hosts = names.map((name) => new FakeHost(name, old, kind));
  for (const { name, beside, mode = 'active' } of proxies) {
    const mate = hosts.find((host) => host.name === beside);
    hosts.unshift(new FakeHost(name, old, mode, { role: 'proxy', beside: mate }));
  }
  const targets = isAutoregistration
    ? [autoregistration]
    : hosts
        .toSorted((a, b) => listed.indexOf(a.name) - listed.indexOf(b.name))
        .map(({ role, name, node }): Target => ({ kind: role, name, node, config: 'auto' }));
  const [first, ...others] = targets;
  if (first === undefined) throw new RangeError('a world has at least one host');
  const shared = {
    targets: [first, ...others] as const,
    identityMode,
    ...(leaves === undefined ? {} : { leaves }),
    keyBytes,
  };
  const value: CurrentValue =
    old.key === undefined ? { ...shared, ...old, firstIdentity: identity } : { ...shared, ...old };
  hosts.push(...neighbours.map((name) => new FakeHost(name, old, kind)));
  hosts.push(...neighbourProxies.map((name) => new FakeHost(name, old, 'active', { role: 'proxy' })));
  const secret = new FakeSecret('zabbix-psk/fake', value, clock);
  secret.firstEncryption = takes;
  const daemons = [
    ...servers.map((name) => ({ name, daemon: { program: 'zabbix_server' } as const })),
    ...hurried.map((proxy) => ({ name: `${proxy}-node`, daemon: { program: 'zabbix_proxy', proxy } as const })),
  ];
  const machines = daemons.map(({ name }) => new FakeHost(name, old, 'both'));
  const otherValue = otherSecret === 'the same key' ? value : { ...shared, identity: 'other', key: PskKey.mint(32) };
  const other = new FakeSecret('zabbix-psk/other', otherValue, clock);
  const secrets = otherSecret === undefined ? [secret] : [secret, other];
  const inside = insiders.map((name) => new FakeHost(name, { takes: undefined }, kind));
  for (const host of inside)
    Object.assign(host, { behindProxy: 'prompt', proxy: { name: proxies[0]?.name, mode: 'active' } });
  const account = new FakeAccount([...hosts, ...inside], secrets, clock, machines);
  if (behindPassiveProxy) {
    account.patience = { ...account.patience, proxyMs: 3_660_000 };
    for (const host of hosts.filter(({ role }) => role === 'host'))
      Object.assign(host, { behindProxy: 'slow', proxy: { name: 'far', mode: 'passive' } });
  }
  const machine = (name: string) => {
    const found = account.nodes.find(({ host }) => host.name === name);
    if (found === undefined) throw new RangeError(`no machine ${name} in this world`);
    return found;
  };
  for (const { name, daemon } of daemons) machine(name).daemon = daemon;
  const nodeOf = (name: string) => machine(name).host.node;
  account.reload = {
    servers: servers.map(nodeOf),
    proxies: new Map(hurried.map((proxy) => [proxy, nodeOf(`${proxy}-node`)])),
  };
  if (isAutoregistration && old.key !== undefined) {
    account.server.autoregistration = { stored: old, used: old };
    account.zabbix.portIsOpen = true;
  }
  const { facts } = account;
  const ports = account.portsOf(account.invocation());
  const deadline = () => Deadline.in(stepMs, clock);
  const step = (name: Step, ofToken = token) =>
    runStep({ step: name, secretId: secret.secretId, token: ofToken }, ports, deadline());

  return {
    account,
    clock,
    server: account.server,
    secrets: secret,
    other,
    fleet: account.systems,
    monitor: account.zabbix,
    facts,
    ports,
    /** What is in use when it begins. */
    get value(): SecretValue {
      if (value.key === undefined) throw new RangeError('nothing is encrypted yet in this world');
      return value;
    },
    /** What the rotation that is under way has minted. */
    pending(): SecretValue {
      const pending = secret.values.get(secret.unfinished ?? '');
      if (pending?.key === undefined) throw new RangeError('no rotation has minted a key in this world');
      return pending;
    },
    step,
    deadline,
    machine,
    host(name: string): FakeHost {
      const host = [...hosts, ...inside].find((one) => one.name === name);
      if (host === undefined) throw new RangeError(`no host ${name} in this world`);
      return host;
    },
    /** As Secrets Manager does it: label an empty version, then the four steps. */
    async rotate(ofToken = token): Promise<void> {
      secret.begin(ofToken);
      for (const name of steps) await step(name, ofToken);
    },
    request: (event: { readonly rotate: string; readonly abandon?: string }) =>
      requestRotation(event, ports, deadline()),
    inspect: () => requestInspection({ inspect: secret.secretName }, ports, deadline()),
    repair: () => repair(secret.secretId, ports, deadline()),
    /** Which key each side of each host is on: Zabbix / what the agent runs with. */
    keysInUse(): Record<string, string> {
      const name = (held: Protection | undefined) =>
        held === undefined ? 'down' : fingerprintOf(held) === fingerprintOf(old) ? 'old' : 'new';
      return Object.fromEntries(hosts.map((host) => [host.name, `${name(host.stored)}/${name(host.running)}`]));
    },
    /** Which key Zabbix holds for autoregistration / its server takes. */
    autoregistrationIsOn(): string {
      const { stored, used } = account.server.autoregistration ?? {};
      const name = (credential: typeof stored) =>
        credential === undefined ? 'none' : same(credential, old) ? 'old' : 'new';
      return `${name(stored)}/${name(used)}`;
    },
    ends(): readonly Fact[] {
      return facts.filter(({ event }) => event === 'rotation.ended');
    },
  };
}

export type World = ReturnType<typeof aWorld>;
