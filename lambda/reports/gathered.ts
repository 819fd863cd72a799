import {
  array,
  boolean,
  discriminatedUnion,
  type infer as Infer,
  int,
  iso,
  literal,
  minimum,
  nullable,
  number,
  object,
  enum as oneOf,
  optional,
  string,
  union,
  type ZodMiniType,
} from 'zod/mini';

/**
 * What a report is made of: everything that Zabbix, Secrets Manager, the nodes and the records say at one time.
 * It holds no key and no hash of one: whether two sides hold the same key was compared where they were read.
 */

/** A list that could not be read is not an empty one. */
function asked<T>(known: ZodMiniType<T>) {
  return union([object({ known }), object({ unknown: string() })]);
}
export type Asked<T> = { readonly known: T } | { readonly unknown: string };

/** UTC, to the millisecond or coarser, always with `Z`: so that times can be compared as texts too. */
const time = iso.datetime();

export const methods = ['none', 'psk', 'certificate'] as const;
export type Method = (typeof methods)[number];

export const kinds = ['host', 'proxy', 'autoregistration'] as const;
export type Kind = (typeof kinds)[number];

const zabbixObject = object({
  kind: oneOf(kinds),
  id: string(),
  /** Technical name; of autoregistration, which has none, `autoregistration`. */
  name: string(),
  /** What the frontend shows, where it is another text. Any character is allowed in it. */
  visibleName: optional(string()),
  enabled: boolean(),
  /** Zabbix towards it; null: that direction does not exist (an active proxy is never asked). */
  connect: nullable(oneOf(methods)),
  /** From it to Zabbix, everything that is let in; null as above (a passive proxy never calls). */
  accept: nullable(array(oneOf(methods))),
  /** Whether an agent is known to be spoken to. A host that is only asked by SNMP or HTTP has none. */
  usesAgent: boolean(),
  /** Proxy or proxy group that it is monitored by. */
  behind: optional(string()),
});
export type ZabbixObject = Infer<typeof zabbixObject>;

/** Which version of the secret a side holds, by its label. `other`: none of them. */
const held = oneOf(['current', 'pending', 'previous', 'other']);
export type Held = Infer<typeof held>;

/** What `inspect` said. */
const inspection = discriminatedUnion('state', [
  object({
    state: literal('inspected'),
    key: held,
    /** Whether Zabbix knows the identity in the agent's configuration as that of this very object. */
    identityInZabbix: optional(boolean()),
    agent: string(),
    agentVersion: string(),
    running: boolean(),
    keyFile: string(),
    /** Octal, as `stat` prints it: `0400`. */
    keyMode: string(),
    keyOwner: string(),
    keyBytes: int(),
  }),
  object({ state: literal('refused'), says: string(), byteOrderMark: boolean() }),
  object({ state: literal('unreachable'), says: string() }),
  /** It is autoregistration, which has none. */
  object({ state: literal('no-node') }),
  /** There was no time left for it. */
  object({ state: literal('not-asked') }),
]);
export type Inspection = Infer<typeof inspection>;

const target = object({
  kind: oneOf(kinds),
  name: string(),
  /** None: it is autoregistration. */
  node: optional(string()),
  /** `missing`: Zabbix shows no such object to our API user. `untold`: it compares no keys of this kind (proxies). */
  zabbixHolds: asked(union([held, literal('missing'), literal('untold')])),
  inspection,
});
export type GatheredTarget = Infer<typeof target>;

const secret = object({
  arn: string(),
  name: string(),
  value: discriminatedUnion('state', [
    object({ state: literal('held'), keyBytes: int() }),
    object({ state: literal('placeholder') }),
    object({ state: literal('unreadable'), because: string() }),
  ]),
  rotationEnabled: boolean(),
  /** As Secrets Manager has it: `cron(0 3 1 * ? *)`. */
  schedule: optional(string()),
  created: time,
  changed: time,
  rotated: optional(time),
  next: optional(time),
  /** A rotation that has begun and not ended, or the mark of one that is being taken back. */
  unfinished: boolean(),
  /** Until when it waits, by its own mark: a passive proxy before 7.0 may be sent a key an hour later. */
  waitsUntil: optional(time),
  targets: array(target),
  /** Hosts that use its identity in Zabbix and are no target of it. */
  otherUsers: asked(array(string())),
});
export type GatheredSecret = Infer<typeof secret>;

/** A user of Zabbix who may call the API and read hosts; the one of this service is among them, since it can do the same. */
const reader = object({
  user: string(),
  role: string(),
  /** `all`: a super admin; otherwise so many host groups. */
  reads: union([literal('all'), int().check(minimum(1))]),
});
export type Reader = Infer<typeof reader>;

export const outcomes = ['rotated', 'rolled-back', 'refused', 'repaired', 'stranded', 'other'] as const;
export type Outcome = (typeof outcomes)[number];

/** One record, as far as a report needs it (lambda/evidence/). */
const recorded = object({
  secret: string(),
  sequence: int(),
  at: time,
  outcome: oneOf(outcomes),
  trigger: string(),
  because: optional(string()),
  targets: array(
    object({
      kind: oneOf(kinds),
      name: string(),
      /** Since when the key that this record speaks of is in use on the target. */
      activated: optional(time),
    }),
  ),
});
export type Recorded = Infer<typeof recorded>;

/** The records of one secret: how many, how the last one's bytes are hashed, and what is wrong with their chain. */
const chain = object({
  secret: string(),
  records: int(),
  head: optional(string()),
  problems: array(string()),
});
export type Chain = Infer<typeof chain>;

export const gatheredShape = object({
  asOf: time,
  period: object({ from: time, to: time }),
  zabbix: object({
    version: string(),
    hosts: asked(array(zabbixObject)),
    proxies: asked(array(zabbixObject)),
    autoregistration: asked(zabbixObject),
    readers: asked(array(reader)),
  }),
  secrets: asked(array(secret)),
  records: asked(array(recorded)),
  chains: array(chain),
  /** Age from which a key is overdue although nothing was planned for it, in days. */
  longestKeyAgeDays: number().check(minimum(1)),
});
export type Gathered = Infer<typeof gatheredShape>;
