import type { Deadline } from '../rotation/deadline.ts';
import type { Credential, CurrentValue, NodeTarget } from '../rotation/model.ts';
import type { Clock } from '../rotation/ports.ts';
import type { GatheredSecret, Reader, ZabbixObject } from './gathered.ts';

/** The parties that a report asks. All of it is reading, except that the report itself is put into the bucket. */
export interface ReportPorts {
  readonly inventory: Inventory;
  readonly policies: Policies;
  readonly nodes: Nodes;
  readonly bucket: Shelf;
  /** Undefined: reports are not signed. */
  readonly signer: Signer | undefined;
  readonly clock: Clock;
}

/**
 * Zabbix, everything that it shows to our API user.
 *
 * @throws {ZabbixRefused | ZabbixUnreachable | Refusal} what could not be asked
 */
export interface Inventory {
  version(): Promise<string>;
  hosts(): Promise<readonly ZabbixObject[]>;
  proxies(): Promise<readonly ZabbixObject[]>;
  autoregistration(): Promise<ZabbixObject>;
  /** Users who may call host.get and read a host. */
  readers(): Promise<readonly Reader[]>;
  /** Names of the hosts that Zabbix has stored this very credential for. */
  holders(credential: Credential): Promise<readonly string[]>;
  /** Whether Zabbix knows the host by this identity, under whatever key. */
  knowsIdentity(host: string, identity: string): Promise<boolean>;
}

/** A secret without its value. */
export interface Policy extends Omit<GatheredSecret, 'value' | 'targets' | 'otherUsers'> {
  readonly versions: { readonly current?: string; readonly pending?: string; readonly previous?: string };
}

/** Secrets Manager. */
export interface Policies {
  list(): Promise<readonly Policy[]>;
  /** @throws {Refusal} for a value that is not a credential with targets */
  value(policy: Policy, versionId: string): Promise<CurrentValue | undefined>;
}

/** What `inspect` tells of a node that has a key in place. */
export interface Look {
  readonly identity: string;
  readonly fingerprint: string;
  readonly agent: string;
  readonly agentVersion: string;
  readonly running: boolean;
  readonly keyFile: string;
  readonly keyMode: string;
  readonly keyOwner: string;
  readonly keyBytes: number;
}

/**
 * The nodes, through Run Command.
 *
 * @throws {Refusal} what the node's script refused with
 * @throws {NodeUnreachable} when no account came
 */
export interface Nodes {
  look(target: NodeTarget, deadline: Deadline): Promise<Look>;
}

/** The evidence bucket: what is there stays as it is. */
export interface Shelf {
  list(prefix: string): Promise<readonly string[]>;
  get(key: string): Promise<string>;
  putNew(key: string, body: string): Promise<boolean>;
}

/**
 * Whoever holds the private half of the key that manifests are signed with.
 *
 * @throws {Error} with one sentence, when there is no answer or a refusal
 */
export interface Signer {
  /** PEM. */
  publicKey(): Promise<string>;
  /** @returns ECDSA with SHA-256, DER in base64; another one each time */
  sign(text: string): Promise<string>;
}
