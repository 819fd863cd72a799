import { type AskedPlace, type Credential, fingerprintOf, type Protection } from '../../lambda/rotation/model.ts';
import type { FakeClock } from './clock.ts';

/** A node's files: the key and the identity beside it, which every program there reads, or none. */
interface Disk {
  onDisk: Protection;
  /** `<keyfile>.next` and `<keyfile>.previous`; `previous` is kept from the switch until `forget`. */
  next: Protection | undefined;
  previous: Protection | undefined;
}

export interface FakeHostOptions {
  /** What it is to Zabbix; a proxy's own `kind` is its mode. */
  readonly role?: 'host' | 'proxy';
  /** The one whose node and files it shares. */
  readonly beside?: FakeHost | undefined;
}

/** One host or proxy as it really is: what Zabbix has stored, what its server uses, what is on disk, what its program runs with. */
export class FakeHost {
  readonly name: string;
  readonly node: string;
  readonly kind: 'passive' | 'active' | 'both';
  readonly role: 'host' | 'proxy';
  readonly #disk: Disk;
  /** What Zabbix tells of the key it was given by us, where it tells no more. */
  marked: Credential | undefined;
  enabled = true;
  behindProxy: false | 'prompt' | 'slow' = false;
  /** The proxy that it is behind, where Zabbix shows it. */
  proxy: { readonly name: string; readonly mode: 'active' | 'passive' } | undefined;
  silenced = false;
  uses: 'psk' | 'none' | 'certificate' = 'psk';
  hasItems = true;
  stored: Protection;
  running: Protection | undefined;
  reachableByCommands = true;
  canProbe = true;
  /** What `-V` says that its program runs with. */
  tlsLibrary = 'GnuTLS 3.7.9';
  /** False: its probes cannot be used, but its log can. */
  offersShadow = true;
  /** What each place of its `ServerActive` says to the present key; none: it reports to this Zabbix alone. */
  places: readonly AskedPlace[] = [];
  /** Called when the agent starts with a key: what it really runs with. Undefined: it does not come up. */
  startsWith: (credential: Credential) => Credential | undefined = (credential) => credential;
  /** Called whenever it starts. */
  onStart: () => void = () => undefined;
  /** How long its start takes, in milliseconds. */
  startMs = 150;
  /** The network eats what it says, whatever the key. */
  mute = false;
  /** Neither the agent nor its probes reach the server. */
  cutOff = false;
  /** How far the node's clock is ahead of ours, in milliseconds. */
  clockAheadMs = -3_600_000;

  constructor(
    name: string,
    credential: Protection,
    kind: FakeHost['kind'],
    { role = 'host', beside }: FakeHostOptions = {},
  ) {
    this.name = name;
    this.role = role;
    this.#disk = beside?.disk ?? { onDisk: credential, next: undefined, previous: undefined };
    this.node = beside?.node ?? `i-${Buffer.from(name).toString('hex').padStart(17, '0').slice(-17)}`;
    this.kind = kind;
    this.stored = credential;
    this.running = credential;
  }

  get disk(): Disk {
    return this.#disk;
  }

  get onDisk(): Protection {
    return this.#disk.onDisk;
  }
  set onDisk(credential: Protection) {
    this.#disk.onDisk = takingAsBefore(credential, this.#disk.onDisk);
  }

  get next(): Protection | undefined {
    return this.#disk.next;
  }
  set next(credential: Protection | undefined) {
    this.#disk.next = credential;
  }

  get previous(): Protection | undefined {
    return this.#disk.previous;
  }
  set previous(credential: Protection | undefined) {
    this.#disk.previous = credential;
  }

  /** From its next start on it comes up with whatever key it has, and is heard with that of this identity alone. */
  isHeardOnlyAs(identity: string): void {
    this.startsWith = (credential) => {
      this.mute = credential.identity !== identity;
      return credential;
    };
  }

  /** What it runs with once it is started. */
  start(): Protection | undefined {
    const { onDisk } = this;
    this.onStart();
    return onDisk.key === undefined ? onDisk : this.startsWith(onDisk);
  }

  get prints(): string {
    return fingerprintOf(this.onDisk);
  }
}

/** A proxy of 7.0 asks for its configuration every 10 s, one of 6.0 every hour, and it is not told what the server's cache holds but what is stored. */
const proxyLearnsAfterMs = 12_000;
const slowProxyLearnsAfterMs = 3_600_000;

/** The Zabbix server's configuration cache: what is stored becomes what is used a while later, and that moment kills the old key. */
export class FakeServer {
  readonly #clock: FakeClock;
  readonly #cache = new Map<FakeHost, Protection>();
  readonly #renewals: (() => void)[] = [];
  readonly hosts: readonly FakeHost[];
  /** Seconds from an update to the next renewal of the cache. */
  renewsAfterS = 37;
  /** False: the cache is never renewed. */
  renews = true;
  /** Whether the server reaches the proxies that it sends their configuration. */
  reachesProxies = true;
  /** Zabbix' `CacheUpdateFrequency` in seconds and when in that time it is due; without it `renewsAfterS` counts. */
  cycle: { readonly everyS: number; readonly phaseS: number } | undefined;
  up = true;
  /** What Zabbix holds for agents that it does not know yet, and which its server takes from them. */
  autoregistration: { stored: Credential; used: Credential } | undefined;

  constructor(hosts: readonly FakeHost[], clock: FakeClock) {
    this.hosts = hosts;
    this.#clock = clock;
    for (const host of hosts) this.#cache.set(host, host.stored);
  }

  /** Called just before and just after the server's keys change. */
  onRenewal(called: () => void): void {
    this.#renewals.push(called);
  }

  stores(host: FakeHost, credential: Protection): void {
    host.stored = takingAsBefore(credential, host.stored);
    this.#renewSoon();
    if (host.behindProxy === 'slow')
      this.#clock.in(slowProxyLearnsAfterMs, () => {
        if (this.reachesProxies) this.#take([host]);
      });
  }

  storesForAutoregistration(credential: Credential): void {
    this.autoregistration = { used: credential, ...this.autoregistration, stored: credential };
    this.#renewSoon();
  }

  #renewSoon(): void {
    this.#clock.in(this.#untilRenewalMs(), () => {
      if (this.renews && this.up) this.renew();
    });
  }

  renew(): void {
    if (this.autoregistration !== undefined) this.autoregistration.used = this.autoregistration.stored;
    this.#take(this.hosts.filter(({ behindProxy }) => behindProxy === false));
    if (this.hosts.some(({ behindProxy }) => behindProxy === 'prompt'))
      this.#clock.in(proxyLearnsAfterMs, () => this.handToProxies());
  }

  /** What proxies of 7.0 are told when the server is asked to. */
  handToProxies(): void {
    this.#take(this.hosts.filter(({ behindProxy }) => behindProxy === 'prompt'));
  }

  /** What a proxy of 6.0 fetches when it is asked to. */
  fetchedBy(name: string): void {
    this.#take(this.hosts.filter(({ behindProxy, proxy }) => behindProxy === 'slow' && proxy?.name === name));
  }

  #take(hosts: readonly FakeHost[]): void {
    for (const called of this.#renewals) called();
    for (const host of hosts) this.#cache.set(host, host.stored);
  }

  #untilRenewalMs(): number {
    if (this.cycle === undefined) return this.renewsAfterS * 1000;
    const { everyS, phaseS } = this.cycle;
    const nowMs = this.#clock.now().ms;
    return everyS * 1000 - ((nowMs - phaseS * 1000) % (everyS * 1000));
  }

  uses(host: FakeHost): Protection {
    return this.#cache.get(host) ?? host.stored;
  }

  /** The hosts that a proxy monitors. */
  behind(proxy: FakeHost): readonly FakeHost[] {
    return this.hosts.filter(({ role, proxy: its }) => role === 'host' && its?.name === proxy.name);
  }

  /** Undefined: the server monitors the host, or a proxy that is not of this site. */
  proxyOf(host: FakeHost): FakeHost | undefined {
    return this.hosts.find(({ role, name }) => role === 'proxy' && name === host.proxy?.name);
  }

  /** A host asks the server with a credential: it must be this host's own. Without one, where the server takes that too. */
  accepts(host: FakeHost, credential: Protection): boolean {
    return this.up && !host.cutOff && takes(this.uses(host), credential);
  }

  /** TLS-PSK knows identities, not hosts: any host's will do for a handshake. */
  knows(credential: Protection): boolean {
    return this.up && (this.registers(credential) || this.hosts.some((host) => same(this.uses(host), credential)));
  }

  /** An agent that Zabbix does not know yet asks to be taken in. */
  registers(credential: Protection): boolean {
    return this.up && this.autoregistration !== undefined && same(this.autoregistration.used, credential);
  }

  hears(host: FakeHost): boolean {
    if (host.running === undefined || host.mute) return false;
    if (host.kind === 'active' || host.role === 'proxy') return this.accepts(host, host.running);
    return this.up && !host.cutOff && agentTakes(host.running, this.uses(host));
  }
}

/** Whether who is protected so takes somebody who comes with that. */
function takes(own: Protection, coming: Protection): boolean {
  return same(own, coming) || (coming.key === undefined && own.key !== undefined && own.takes === 'unencrypted-too');
}

/** An agent that has its key in place of a certificate goes on taking certificates. */
function agentTakes(own: Protection, coming: Protection): boolean {
  return (
    takes(own, coming) ||
    (own.key !== undefined && own.before === 'certificate' && fingerprintOf(coming) === 'certificate')
  );
}

/** Only the first credential says what is taken from then on. */
function takingAsBefore(next: Protection, before: Protection): Protection {
  const isSaid = next.key === undefined || next.takes !== undefined || before.takes === undefined;
  return isSaid ? next : { ...next, takes: before.takes, before: before.key === undefined ? undefined : before.before };
}

export function same(a: Protection, b: Protection): boolean {
  return a.identity === b.identity && fingerprintOf(a) === fingerprintOf(b) && isOfSame(a, b);
}

function isOfSame(a: Protection, b: Protection): boolean {
  if (a.key !== undefined || b.key !== undefined) return true;
  const [one, other] = [a.certificate, b.certificate];
  return one?.issuer === other?.issuer && one?.subject === other?.subject;
}
