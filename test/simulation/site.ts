import { autoregistration, type Protection, type SecretValue, type Target } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { FakeAccount } from '../fakes/account.ts';
import { FakeClock } from '../fakes/clock.ts';
import type { FakeNode } from '../fakes/node.ts';
import { Random } from '../fakes/random.ts';
import { FakeSecret } from '../fakes/secrets-manager.ts';
import { FakeHost } from '../fakes/site.ts';
import { Calls } from './calls.ts';

/** Somebody may call a function of ours at any time. */
export interface Visit {
  readonly atMs: number;
  readonly secret: FakeSecret;
  readonly asks: 'abandon' | 'repair';
}

/** What one schedule is about: secrets, hosts and a Zabbix as chance wants them, and what will befall them. */
export interface Site {
  readonly seed: number;
  readonly random: Random;
  readonly clock: FakeClock;
  readonly account: FakeAccount;
  readonly secrets: readonly FakeSecret[];
  readonly calls: Calls;
  /** When Secrets Manager's schedule starts a rotation. */
  readonly starts: readonly { readonly atMs: number; readonly secret: FakeSecret }[];
  readonly visits: Visit[];
  /** What befell it, by name. */
  readonly befell: string[];
  /** Hosts whose key somebody changed by hand, and when. */
  readonly changedByHand: Map<FakeHost, number>;
  /** Hosts whose agent never starts again. */
  readonly gone: Set<FakeHost>;
  /** Hosts whose nodes can never be commanded again. */
  readonly lost: Set<FakeHost>;
  /** Hosts may be behind a passive proxy of 6.0, and the repair function looks every five minutes after what waits for it. */
  readonly waits: boolean;
  /** Secrets whose failed rotations nobody tells the repair function of. */
  readonly unheard: Set<FakeSecret>;
}

const minuteMs = 60_000;

export function siteOf(seed: number): Site {
  const random = new Random(seed);
  /** A stream of its own: the schedules that have no proxy are the same with and without this. */
  const ofProxies = new Random(seed ^ 0x5eed);
  /** As above, of those without autoregistration. */
  const ofAutoregistration = new Random(seed ^ 0xa0707e6);
  /** As above, of those that wait for a passive proxy of 6.0. */
  const ofSlowProxies = new Random(seed ^ 0x510a);
  /** As above, of those in which everything is encrypted. */
  const ofFirst = new Random(seed ^ 0xf125e);
  /** As above, of those in which the others are unencrypted. */
  const ofCertificates = new Random(seed ^ 0xce27);
  const clock = new FakeClock();
  const hosts: FakeHost[] = [];
  const secrets = Array.from({ length: random.of([1, 1, 2, 3]) }, (_, nth) => {
    const isFirst = ofFirst.chance(0.15);
    const certificate = ofCertificates.chance(0.3) ? { issuer: 'CN=Peers', subject: '' } : undefined;
    const old: Protection = isFirst
      ? { takes: 'only-psk', certificate }
      : { identity: `id-${nth}`, key: PskKey.mint(32) };
    const own = Array.from({ length: random.of([1, 1, 2, 3]) }, () => {
      const host = new FakeHost(`web-${hosts.length + 1}`, old, random.of(['passive', 'active', 'both']));
      host.canProbe = random.chance(0.7);
      host.offersShadow = random.chance(0.8);
      host.clockAheadMs = random.of([-3_600_000, -1_500, 0, 1_500, 3_600_000]);
      hosts.push(host);
      return host;
    });
    const identityMode = random.chance(0.3) ? 'fixed' : 'new';
    // Nobody can change the key of one identity for hosts and proxies at once.
    if (identityMode === 'new' && ofProxies.chance(0.3)) {
      // Each gets a key file of its own with its first key.
      const beside = ofProxies.chance(0.7) && !isFirst ? own[0] : undefined;
      const mode = ofProxies.of<FakeHost['kind']>(['active', 'passive']);
      const proxy = new FakeHost(`edge-${nth}`, old, mode, { role: 'proxy', beside });
      proxy.canProbe = ofProxies.chance(0.8);
      proxy.clockAheadMs = beside?.clockAheadMs ?? 0;
      own.splice(ofProxies.below(2), 0, proxy);
      hosts.push(proxy);
    }
    const [first, ...others] = own.map(({ role, name, node }): Target => ({ kind: role, name, node, config: 'auto' }));
    if (first === undefined) throw new RangeError('a secret has at least one target');
    const shared = { targets: [first, ...others] as const, identityMode, keyBytes: 32 } as const;
    if (old.key !== undefined) return new FakeSecret(`zabbix-psk/${nth}`, { ...shared, ...old }, clock);
    // What an agent sends proves nothing where it may come unencrypted, too.
    const isPolled = own.every(({ kind, role }) => kind !== 'active' || role === 'proxy');
    const takes = isPolled && ofFirst.chance(0.5) && certificate === undefined ? 'unencrypted-too' : 'only-psk';
    const secret = new FakeSecret(`zabbix-psk/${nth}`, { ...shared, ...old, takes, firstIdentity: `id-${nth}` }, clock);
    secret.firstEncryption = takes;
    return secret;
  });
  const autoregisters = ofAutoregistration.chance(0.2) ? { identity: 'autoreg', key: PskKey.mint(32) } : undefined;
  if (autoregisters !== undefined) {
    const value: SecretValue = { ...autoregisters, targets: [autoregistration], identityMode: 'new', keyBytes: 32 };
    secrets.push(new FakeSecret('zabbix-psk/autoreg', value, clock));
  }
  const account = new FakeAccount(hosts, secrets, clock);
  account.zabbix.comparesProxyKeys = ofProxies.chance(0.5);
  account.zabbix.mayExecuteScripts = random.chance(0.3);
  account.zabbix.portIsOpen = random.chance(0.3);
  if (autoregisters !== undefined) {
    account.server.autoregistration = { stored: autoregisters, used: autoregisters };
    account.zabbix.portIsOpen = true;
  }
  account.zabbix.mayCheckNow = random.chance(0.8);
  account.server.cycle = { everyS: random.of([10, 60]), phaseS: random.below(60) };
  const waits = ofSlowProxies.chance(0.2);
  if (waits) {
    account.patience = { ...account.patience, proxyMs: 3_660_000 };
    const isAlone = ({ node }: FakeHost) => hosts.filter((other) => other.node === node).length === 1;
    for (const host of hosts.filter((one) => one.role === 'host' && isAlone(one)))
      if (ofSlowProxies.chance(0.7))
        Object.assign(host, { behindProxy: 'slow', proxy: { name: 'far', mode: 'passive' } });
  }
  const fromMs = clock.now().ms;
  const starts = secrets.flatMap((secret) => {
    const first = { atMs: fromMs + random.between(0, 10 * minuteMs), secret };
    return random.chance(0.3) ? [first, { atMs: first.atMs + 240 * minuteMs, secret }] : [first];
  });
  return {
    seed,
    random,
    clock,
    account,
    secrets,
    calls: new Calls(clock, random),
    starts,
    visits: [],
    befell: [],
    changedByHand: new Map(),
    gone: new Set(),
    lost: new Set(),
    waits,
    unheard: new Set(),
  };
}

/** A moment shortly before a rotation, in it, or shortly after it, for faults to be worth their while. */
export function aMoment({ starts, random }: Site): number {
  const start = pick(random, starts);
  return start.atMs + random.between(-5_000, random.of([60_000, 240_000, 900_000]));
}

export function aNode({ account, random }: Site): FakeNode {
  return pick(random, account.nodes);
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  const [first, ...others] = choices;
  if (first === undefined) throw new RangeError('nothing to choose from');
  return random.of([first, ...others]);
}

/** Does something at a moment of a schedule, and its opposite a while later. */
export function forAWhile({ clock, random }: Site, atMs: number, begin: () => void, end: () => void): void {
  const lastsMs = random.of([20, 90, 400, 2_000]) * 1000 * random.between(0.5, 1.5);
  clock.in(atMs - clock.now().ms, begin);
  clock.in(atMs + lastsMs - clock.now().ms, end);
}

export function at({ clock }: Site, atMs: number, act: () => void): void {
  clock.in(atMs - clock.now().ms, act);
}
