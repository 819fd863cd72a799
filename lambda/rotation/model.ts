import type { Door, keyless } from '../contract.ts';
import type { PskKey } from './psk.ts';

/** Something of Zabbix that holds one end of a pre-shared key. */
export type Target = NodeTarget | Autoregistration;

/** A target whose other end is a program on a node. */
export interface NodeTarget {
  /** Whose key it is: an agent's, which Zabbix keeps with its host, or a proxy's own. */
  readonly kind: 'host' | 'proxy';
  /** Zabbix' technical name of the host, or the proxy's name, case-sensitive. */
  readonly name: string;
  /** Systems Manager's id of the machine that the agent or proxy runs on: `i-…` or `mi-…`. */
  readonly node: string;
  /** The program's configuration file, where the running one's own is not the one meant; otherwise `auto`. */
  readonly config: string;
}

/**
 * The one key that Zabbix takes from agents that it does not know yet. Whoever starts such an agent fetches the key from the secret, so
 * that nothing follows the server.
 */
export interface Autoregistration {
  readonly kind: 'autoregistration';
  /** There is one in every Zabbix, and it has no name there. */
  readonly name: 'autoregistration';
  readonly node?: never;
}

export const autoregistration: Autoregistration = { kind: 'autoregistration', name: 'autoregistration' };

/** Those that have a node: all but autoregistration. */
export function onNodes(targets: readonly Target[]): readonly NodeTarget[] {
  return targets.filter((target) => target.kind !== 'autoregistration');
}

/** Autoregistration is the only target of its secret. */
export function isOfAutoregistration({ targets: [only] }: Pick<Shared, 'targets'>): boolean {
  return only.kind === 'autoregistration';
}

/** What Zabbix and an agent must agree on. */
export interface Credential {
  readonly identity: string;
  readonly key: PskKey;
  /** Only of a target's first credential: what both ends take from then on. With every other they take what they took. */
  readonly takes?: Door | undefined;
  /** Of such a one: what it took the place of; undefined: nothing, both ends were unencrypted. */
  readonly before?: 'certificate' | undefined;
}

/** Of whom Zabbix takes a certificate, in its own words; empty: of anybody whose CA it trusts. */
export interface Certificate {
  readonly issuer: string;
  readonly subject: string;
}

/** No credential: both ends speak unencrypted, or with certificates. What a first encryption begins with and goes back to. */
export interface Keyless {
  readonly key?: undefined;
  readonly identity?: undefined;
  /** Undefined: unencrypted. */
  readonly certificate?: Certificate | undefined;
  /** What the first credential is to bring; undefined: nobody has asked for one. */
  readonly takes: Door | undefined;
}

/** What the traffic of a target is protected by. */
export type Protection = Credential | Keyless;

/** What is compared and told of either: the key's fingerprint, or what there is in place of a key. */
export function fingerprintOf(protection: Protection): string {
  return protection.key === undefined ? insteadOfKey(protection) : protection.key.fingerprint;
}

export function insteadOfKey({ certificate }: Keyless): (typeof keyless)[number] {
  return certificate === undefined ? 'unencrypted' : 'certificate';
}

/** What the first credential says that it takes the place of. */
export function beforeFirst({ certificate }: Keyless): Credential['before'] {
  return certificate === undefined ? undefined : 'certificate';
}

export type IdentityMode = 'new' | 'fixed';

/** What a version of a rotated secret says beside what is in use. */
interface Shared {
  /** Autoregistration alone, or others. */
  readonly targets: readonly [Target, ...Target[]];
  readonly identityMode: IdentityMode;
  /** The shared identity that the targets are to leave to those who stay with it; any other than the present one says nothing. */
  readonly leaves?: string | undefined;
  /** Length of the next key, in bytes. */
  readonly keyBytes: number;
}

/** One version of a rotated secret: a credential and everything that uses it. */
export interface SecretValue extends Credential, Shared {}

/** The version before a secret's first key. */
export interface KeylessValue extends Keyless, Shared {
  /** What the first identity begins with; where it is to stay fixed, all of it. */
  readonly firstIdentity: string;
}

/** What AWSCURRENT may say. */
export type CurrentValue = SecretValue | KeylessValue;

/** A version that has a credential. */
export function credentialIn(value: CurrentValue | undefined): SecretValue | undefined {
  return value?.key === undefined ? undefined : value;
}

/** One rotation: from the version that is current to the one that is pending. */
export interface Rotation {
  /** ARN */
  readonly secretId: string;
  /** For sentences: the name a human gave it. */
  readonly secretName: string;
  readonly versionId: string;
  /** The version that AWSCURRENT is on; undefined when it is on none. */
  readonly currentVersionId: string | undefined;
  readonly current: CurrentValue;
  readonly pending: SecretValue;
  /** Until when its version says that it waits; undefined: it does not. */
  readonly waitedUntil?: Instant | undefined;
}

/** Which rotation something belongs to; enough for the verbs that need no key. Without what is current an agent is expected to have one. */
export type RotationIds = Pick<Rotation, 'secretId' | 'versionId'> & {
  readonly current?: Protection | undefined;
};

/** Milliseconds since 1970 by our own clock. */
export interface Instant {
  readonly ms: number;
}
/** Whole seconds since 1970 by the Zabbix server's clock. Never compared with ours or a node's. */
export interface ServerTime {
  readonly serverS: number;
}
/** Milliseconds since 1970 by a node's clock. */
export interface NodeTime {
  readonly nodeMs: number;
}

/**
 * How it was known that the server had begun to accept the new key, best first:
 * `shadow-agent`, `zabbix-sender`, `proxy-log` and `agent-log` are seen by the node; `script-execute` and `port-probe` by the function;
 * `now` means that nobody could ask and the agent was switched right after the update.
 */
export const gates = [
  'shadow-agent',
  'zabbix-sender',
  'proxy-log',
  'script-execute',
  'port-probe',
  'agent-log',
  'now',
] as const;
export type Gate = (typeof gates)[number];
/** What a node can offer to see by itself. */
export type NodeGate = Extract<Gate, 'shadow-agent' | 'zabbix-sender' | 'proxy-log' | 'agent-log'>;

/** A node's own account of the moment its agent changed keys. Times are the node's. */
export interface SwitchAccount {
  readonly gate: Gate;
  /** From armed to accepted. */
  readonly waitedMs: number;
  readonly stopped: NodeTime;
  readonly listening: NodeTime;
  /** From the stop to listening again. */
  readonly downMs: number;
  /** What the server said to the key that was replaced, asked once after the switch. */
  readonly oldKey: 'refused' | 'accepted' | 'not-asked';
  /** Fingerprint of the key put in place. */
  readonly to: string;
}

/** What `inspect` finds on a node, of the program of one target. */
export interface Inspection {
  /** Of the targets that the program can belong to. */
  readonly kind: NodeTarget['kind'];
  /** `zabbix_agentd`, `zabbix_agent2` or `zabbix_proxy`. */
  readonly agent: string;
  readonly agentVersion: string;
  /** The library that its program encrypts with, in its own words: `OpenSSL 1.1.1  11 Sep 2018`. Empty where it does not tell. */
  readonly tlsLibrary: string;
  readonly hostname: string;
  /** Empty where there is no key. */
  readonly identity: string;
  /** As `fingerprintOf` tells it. */
  readonly fingerprint: string;
  /** Where there is no key, the file that the first one would come into. */
  readonly keyFile: string;
  readonly keyMode: string;
  readonly passive: boolean;
  readonly active: boolean;
  readonly running: boolean;
  readonly clock: NodeTime;
  /** A rotation that has been prepared on the node and not forgotten. */
  readonly rotation: { readonly secretId: string; readonly versionId: string; readonly phase: string } | undefined;
  readonly lastSwitch: SwitchAccount | undefined;
  /** What the node can see by itself, best first, as `prepare` found it; none before that. */
  readonly gates: readonly NodeGate[];
}

/** What `prepare` adds: the node is ready to be switched. */
export interface Preparation extends Inspection {
  /** RSA public key of this rotation on this node: SubjectPublicKeyInfo, DER, base64. */
  readonly publicKey: string;
  /** Every place that the agent reports to, as often as it was asked; none where it reports to nobody by itself. */
  readonly places: readonly AskedPlace[];
}

/** A place that an agent reports to (`ServerActive`; a cluster `a;b` is one), and what it said to the present key. */
export interface AskedPlace {
  readonly place: string;
  /** `none`: the node had nothing to ask with. */
  readonly said: 'accepted' | 'refused' | 'unreachable' | 'none';
}

/** How a `switch` or `restore` ended on the node. Only `switched` and `restored` put a key in place. */
export type NodeOutcome =
  | {
      readonly outcome: 'switched' | 'restored';
      readonly account: SwitchAccount | undefined;
      readonly fingerprint: string;
    }
  | { readonly outcome: 'not-accepted'; readonly says: string; readonly fingerprint: string }
  | { readonly outcome: 'agent-did-not-start'; readonly says: string; readonly fingerprint: string }
  | { readonly outcome: 'stranded'; readonly says: string };

/** A target as Zabbix describes it. Zabbix never gives a key back. */
export interface MonitoredHost {
  readonly kind: Target['kind'];
  readonly hostId: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Towards the host (passive checks) or the passive proxy. */
  readonly connect: 'none' | 'psk' | 'certificate';
  /** From the host (active checks) or the active proxy. */
  readonly accept: readonly ('none' | 'psk' | 'certificate')[];
  /** Whose certificate it takes, where it takes any. */
  readonly certificate?: Certificate | undefined;
  /** Of a proxy, whether the server takes it for online, where the version tells. Undefined: Zabbix polls nothing there, so it has no opinion. */
  readonly reachable: { readonly yes: true } | { readonly yes: false; readonly error: string } | undefined;
  /** Monitored by a proxy, which learns of a key some seconds after the server (`prompt`), or up to an hour after it (`slow`). */
  readonly behindProxy: false | 'prompt' | 'slow';
  /** In a maintenance without data collection: nothing is heard of it until that ends. */
  readonly silenced: boolean;
  /** When Zabbix described it so. */
  readonly seen: ServerTime;
  /** The item whose next value will prove contact. Undefined: no item that the agent answers often enough. */
  readonly witness: Witness | undefined;
}

/** What tells that Zabbix has heard from a target. */
export interface Witness {
  /** `value`: an item's newest value. `access`: when the server was last in contact with a proxy. */
  readonly kind: 'value' | 'access';
  /** For `access`, the proxy's. */
  readonly itemId: string;
  readonly key: string;
  /** `server`: polled, its times are the server's. `agent`: sent by the agent, its times are the node's. `proxy`: polled by a proxy, its times are the proxy's. */
  readonly clockOf: 'server' | 'agent' | 'proxy';
  readonly everyS: number;
  /** Time of its newest value when the host was described, by the clock that `clockOf` names; 0 when there is none. */
  readonly lastS: number;
}

/**
 * Contact between Zabbix and the agent: `none` was asked for and not seen, `unknown` could not be asked. `handshake`: where there is no
 * agent, the server took the key at its port.
 */
export type Contact =
  | {
      readonly seen: 'value';
      readonly item: string;
      readonly atS: number;
      readonly afterS: number;
      readonly clockOf: 'server' | 'agent' | 'proxy';
      /** Of a proxy, where the version tells. */
      readonly state?: 'online';
    }
  | { readonly seen: 'handshake'; readonly waitedS: number }
  | { readonly seen: 'none'; readonly waitedS: number; readonly error: string | undefined }
  | { readonly seen: 'unknown'; readonly because: string };

/**
 * What came through a proxy from a host behind it. `none` was waited for and not seen; `nobody`: there is no host that was heard of before;
 * `unknown` could not be asked.
 */
export type Through =
  | {
      readonly seen: 'value';
      readonly host: string;
      readonly item: string;
      readonly atS: number;
      readonly afterS: number;
      readonly clockOf: 'agent' | 'proxy';
    }
  | { readonly seen: 'none'; readonly host: string; readonly item: string; readonly waitedS: number }
  | { readonly seen: 'nobody' | 'unknown'; readonly because: string };

/** What was observed of one target. */
export interface Evidence {
  /**
   * Fingerprint on the node, or why it could not be read; `byContact`: not read, and shown by the server's hearing from it; how it was known which key the server used.
   * `none`: there is no node; what the proof rests on instead.
   */
  readonly node:
    | { readonly fingerprint: string }
    | { readonly unknown: string }
    | { readonly byContact: string }
    | { readonly none: string };
  /** Whether Zabbix has the wanted credential stored; `untold`: it does not tell, and we have never given one; of autoregistration it never tells. */
  readonly stored: 'wanted' | 'other' | 'untold' | 'unknown';
  readonly contact: Contact;
  /** Of a proxy that was in contact. */
  readonly through?: Through;
  /**
   * `replaced`: nobody could try it, but Zabbix' one stored key is another. `kept`: the server takes it, from hosts that still use it.
   * `none`: there is no other key to try. `not-asked`: where the server alone could tell, it could not be asked.
   */
  readonly oldKey: 'refused' | 'accepted' | 'replaced' | 'kept' | 'none' | 'not-asked';
  /** Names of the hosts that still use the identity that was replaced; none are told where nobody does. */
  readonly stillUsedBy?: readonly string[] | undefined;
}

/** What we conclude of one target. */
export type Verdict =
  | { readonly verdict: 'proven' }
  | { readonly verdict: 'unswitched' | 'silent' | 'refused' | 'unknown'; readonly because: string };
