import type { Door } from '../contract.ts';
import type { Deadline } from './deadline.ts';
import type {
  Credential,
  CurrentValue,
  Gate,
  Inspection,
  Instant,
  MonitoredHost,
  NodeOutcome,
  NodeTarget,
  Preparation,
  Protection,
  Rotation,
  RotationIds,
  SecretValue,
  Target,
  Witness,
} from './model.ts';
import type { Exchanged, RotationEnd } from './record.ts';

/** Everything the story speaks to. Adapters are named after the party: Secrets Manager, the fleet, Zabbix. */
export interface Ports {
  readonly secrets: SecretStore;
  readonly fleet: Fleet;
  readonly monitor: Monitor;
  readonly reloader: Reloader;
  readonly archive: Archive;
  readonly clock: Clock;
  readonly patience: Patience;
}

/** How long to wait for others. */
export interface Patience {
  /** For the server to accept a key: its configuration cache is renewed every 60 s (6.0) or 10 s (7.0) by default. */
  readonly serverWaitMs: number;
  /** For an agent to come up after its restart. */
  readonly agentStartMs: number;
  /** For fresh contact. */
  readonly proveMs: number;
  /** For the server to send a passive proxy before 7.0 its configuration, an hour by default. Undefined: nobody has told. */
  readonly proxyMs?: number;
}

/** That a rotation waits for longer than an invocation lasts, as its version tells. */
export interface Waiting {
  readonly versionId: string;
  readonly way: 'forward' | 'back';
  readonly until: Instant;
}

/** Whom a node waits for: the server renews its cache within `serverWaitMs`, a passive proxy before 7.0 within `proxyMs`. */
export type WaitsFor = 'server' | 'slow proxy';

export interface SecretLabels {
  /** ARN */
  readonly secretId: string;
  readonly secretName: string;
  readonly rotationEnabled: boolean;
  /** Version ids by the label they carry. */
  readonly current: string | undefined;
  readonly pending: string | undefined;
  readonly previous: string | undefined;
  /** The version that somebody has decided to take back: whoever touches it next goes back too. */
  readonly goingBack: string | undefined;
  /** The version whose rotation has minted a key and has no recorded end yet. */
  readonly unrecorded: string | undefined;
  /** On versions that wait, or that a rotation which did has left them on. */
  readonly waiting: readonly Waiting[];
  /** When a value or label of the secret was last changed. */
  readonly changed: Instant;
  /** What the operator asks of a first encryption, by name; undefined: he asks for none. */
  readonly firstEncryption: Door | undefined;
}

/** A secret whose last rotation has not ended. */
export interface Unfinished {
  readonly secretId: string;
  /** Until when it waits for somebody who takes longer than an invocation lasts; undefined: it does not. */
  readonly waitsUntil: Instant | undefined;
  /** When a value or label of the secret was last changed. */
  readonly changed: Instant;
}

/** Secrets Manager. */
export interface SecretStore {
  /** @throws {Refusal} for a secret that does not exist or that we may not see */
  labels(secretId: string): Promise<SecretLabels>;
  /**
   * Waits a few seconds for a value that was just written: Secrets Manager shows it a little later than it takes it.
   *
   * @returns undefined for a version that holds no value (what AWSPENDING is when a rotation begins)
   * @throws {Refusal} for a value that is not a credential with targets
   */
  read(
    of: Pick<SecretLabels, 'secretId' | 'secretName' | 'firstEncryption'>,
    versionId: string,
  ): Promise<CurrentValue | undefined>;
  /** Stores a value under AWSPENDING, marked as unrecorded. @returns false when the version has one already, which stays */
  park(labels: SecretLabels, versionId: string, value: SecretValue): Promise<boolean>;
  /** Moves AWSCURRENT from one version to the other, or fails if it is not on the first. */
  promote(secretId: string, move: { readonly from: string | undefined; readonly to: string }): Promise<void>;
  /**
   * Writes down, on the version itself, that it is being taken back.
   *
   * @returns whether that stood there already
   * @throws {Refusal} where the version is not pending any more and the one that is carries the mark
   */
  markGoingBack(secretId: string, versionId: string): Promise<boolean>;
  /** Takes the mark of going back off a version that carries it. */
  unmarkGoingBack(secretId: string, versionId: string): Promise<void>;
  /** Takes the mark of the unrecorded off a version that carries it: one call, since every rotation makes it. */
  markRecorded(secretId: string, versionId: string): Promise<void>;
  /** Writes down, on the version itself, that its rotation waits. */
  markWaiting(secretId: string, waiting: Waiting): Promise<void>;
  /** Takes off what says so. */
  unmarkWaiting(secretId: string, waiting: Waiting): Promise<void>;
  /** Takes AWSPENDING and our marks off a version, if they are there. Secrets Manager takes that as the rotation's failure. */
  discard(secretId: string, versionId: string): Promise<void>;
  /** Takes AWSPENDING off a version that holds no value, if it is there. Our mark of going back stays: a key that is parked late meets it. */
  withdraw(secretId: string, versionId: string): Promise<void>;
  /** Starts a rotation; Secrets Manager will call this function with `versionId` as its token. */
  rotate(secretId: string, versionId: string): Promise<void>;
  /** Those of our secrets that have an AWSPENDING beside AWSCURRENT, or a mark of ours on any version. */
  unfinished(): Promise<readonly Unfinished[]>;
}

/** A command that runs on a node and has not been heard from yet. */
export interface Armed {
  readonly target: NodeTarget;
  readonly verb: 'switch' | 'restore';
  readonly versionId: string;
  readonly commandId: string;
}

/**
 * The nodes, through Run Command.
 *
 * @throws {Refusal} when a node's script refuses (nothing was changed)
 * @throws {NodeUnreachable} when the command did not reach the node or no account came back
 */
export interface Fleet {
  inspect(target: NodeTarget, rotation: RotationIds, deadline: Deadline): Promise<Inspection>;
  prepare(target: NodeTarget, rotation: Rotation, deadline: Deadline): Promise<Preparation>;
  /** Returns when the node has taken up the command, so that it waits before Zabbix is told. */
  arm(
    target: NodeTarget,
    rotation: Rotation,
    prepared: Preparation,
    gate: Gate,
    deadline: Deadline,
    waitsFor?: WaitsFor,
  ): Promise<Armed>;
  armRestore(
    target: NodeTarget,
    rotation: RotationIds,
    gate: Gate,
    deadline: Deadline,
    waitsFor?: WaitsFor,
  ): Promise<Armed>;
  follow(armed: Armed, deadline: Deadline): Promise<NodeOutcome>;
  /** `inPlace`: what must be in place, or the node refuses to forget the other one. */
  forget(target: NodeTarget, rotation: RotationIds, inPlace: Protection, deadline: Deadline): Promise<Inspection>;
}

/**
 * Zabbix, through its API.
 *
 * @throws {ZabbixUnreachable} when it could not be asked
 * @throws {ZabbixRefused} when it says no; waiting will not cure that
 */
export interface Monitor {
  /** The present version, e.g. `6.0.14`. @throws {Refusal} when it is not one we know */
  version(): Promise<string>;
  /** What a program of Zabbix takes that encrypts with this library (`Inspection.tlsLibrary`); of an unknown one, what all of them take. */
  limitsOf(tlsLibrary: string): TlsLimits;
  /**
   * The target, and the first of these that Zabbix has stored for it; undefined: none of them; `untold`: Zabbix does not tell,
   * and we have never given it one. Of autoregistration it never tells. One that is unencrypted gets the witness that it will have
   * with its first credential.
   *
   * @throws {Refusal} for a target that Zabbix does not show to our API user
   */
  find<C extends Protection>(target: Target, among: readonly C[]): Promise<Found<C>>;
  /** The same target as Zabbix describes it now. */
  refresh(host: MonitoredHost): Promise<MonitoredHost>;
  /** The hosts that use one of these identities, and the proxies where the version tells them (6.0). */
  usersOf(identities: readonly string[]): Promise<readonly Pick<Target, 'kind' | 'name'>[]>;
  /** Stores one credential for all of them, or none: the proxies in one transaction, then the hosts in another; or for autoregistration. */
  give(hosts: readonly MonitoredHost[], wanted: Protection): Promise<void>;
  /** Ways in which this function itself can see that the server accepts a key, best first. */
  gates(host: MonitoredHost): Promise<readonly Extract<Gate, 'script-execute' | 'port-probe'>[]>;
  /** Whether the server has begun to use the credential that was given. */
  serverUses(
    host: MonitoredHost,
    credential: Credential,
    gate: Extract<Gate, 'script-execute' | 'port-probe'>,
  ): Promise<boolean>;
  /** The proxies that stand between the server and these hosts, each once. Told by name and mode where the API user may read them. */
  proxiesBefore(hosts: readonly MonitoredHost[]): Promise<readonly ProxyBefore[]>;
  /** Whether a place that an agent reports to is known to be of this Zabbix. It tells no addresses: the operator names them. */
  isOwn(place: string): boolean;
  /** Some of the hosts that a proxy monitors and that send it a value every two minutes or more often; none where the API user may see none. */
  hostsBehind(proxy: MonitoredHost): Promise<readonly HostBehind[]>;
  /** Whether the server still takes a credential at its port; undefined when this function cannot reach it, or there is no key to ask with. */
  serverAccepts(wanted: Protection): Promise<boolean | undefined>;
  /** Makes a polled item be checked now. @returns false when the API user may not */
  checkNow(witness: Witness): Promise<boolean>;
  /** The newest value's time, by the clock that `witness.clockOf` names; 0 when there is none. */
  lastValueS(witness: Witness): Promise<number>;
}

/** The longest identity and key that a TLS library takes. */
export interface TlsLimits {
  readonly identityBytes: number;
  readonly keyBytes: number;
}

/** A proxy that monitors hosts. */
export interface ProxyBefore {
  /** Undefined: the API user may not read it. */
  readonly name: string | undefined;
  readonly mode: 'active' | 'passive' | undefined;
  /** Its cache is reloaded by a word to the server (7.0), or on its own node (before). */
  readonly reloadedAt: 'server' | 'proxy';
  /** Since the server was last in contact with it. Undefined: the API user may not read it. */
  readonly silentForS: number | undefined;
  /** The server takes it for offline, where the version tells. */
  readonly isOffline: boolean;
  /** Names of the hosts that it stands before. */
  readonly hosts: readonly string[];
}

/** A host that a proxy monitors, encrypted or not, with the item whose next value will come through the proxy. */
export interface HostBehind {
  readonly name: string;
  readonly witness: Witness;
}

/** A configuration cache: the server's, where the proxies that it hands their configuration may be named, or one proxy's own. */
export type Cache =
  | { readonly of: 'server'; readonly handedTo: 'none' | 'all' | readonly string[] }
  | { readonly of: 'proxy'; readonly name: string };

/**
 * Makes Zabbix use at once what it was given, by a word to its daemons on their own nodes. It decides nothing: without it their
 * caches are renewed later, by themselves.
 */
export interface Reloader {
  /** Whether a node is known for any cache at all. */
  readonly hasAny: boolean;
  /** Whether a node is known for this one. */
  reaches(cache: Cache): boolean;
  /**
   * @returns `reloaded`: it says so itself; `asked`: it took the word
   * @throws {Refusal} when it says no
   * @throws {NodeUnreachable} when nothing is known of it
   */
  reload(cache: Cache, rotation: RotationIds, deadline: Deadline): Promise<'reloaded' | 'asked'>;
}

export interface Found<C extends Protection> {
  readonly host: MonitoredHost;
  readonly holds: C | 'untold' | undefined;
}

/** Where what happened is kept. It tells fingerprints, never keys. */
export interface Archive {
  append(fact: Fact): Promise<void>;
  /** Keeps the record of a rotation for whoever audits it. The same end kept twice is one record. */
  keep(end: RecordedEnd): Promise<void>;
}

export interface RecordedEnd extends RotationEnd {
  readonly ended: Instant;
  readonly exchanged: Exchanged;
  /** By our `{"rotate": …}`. */
  readonly askedFor: boolean;
}

export type Fact = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface Clock {
  now(): Instant;
  sleep(ms: number): Promise<void>;
}
