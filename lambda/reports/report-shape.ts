import {
  array,
  boolean,
  type infer as Infer,
  int,
  iso,
  literal,
  nullable,
  object,
  enum as oneOf,
  optional,
  string,
} from 'zod/mini';
import { kinds, methods } from './gathered.ts';
import { ruleNames, severities } from './rules.ts';

/** The report in JSON, from which every other form is made. docs/report.schema.json is generated from this and is its published form. */

const time = iso.datetime();

const coverageRow = object({
  kind: oneOf(kinds),
  name: string(),
  visibleName: optional(string()),
  enabled: boolean(),
  behind: optional(string()),
  connect: nullable(oneOf(methods)),
  accept: nullable(array(oneOf(methods))),
  /** Over all directions that exist. `open`: some let unencrypted traffic through, `none`: all do. */
  encryption: oneOf(['psk', 'certificate', 'open', 'none']),
  /** By this service. `not-ours`: certificates, or no agent to be encrypted. */
  managed: oneOf(['managed', 'not-managed', 'not-ours']),
  secret: optional(string()),
  /** How many others use the same key, as far as the identity is one of our secrets. */
  sharedWith: int(),
  keyBytes: optional(int()),
  /** Since when the key is in use, and who says so: a record, or only the secret's own date. */
  keySince: optional(object({ at: time, source: oneOf(['record', 'secret']) })),
  keyAgeDays: optional(int()),
  next: optional(time),
  overdueDays: int(),
  lastOutcome: optional(string()),
  openFindings: int(),
  worst: optional(oneOf(severities)),
});
export type CoverageRow = Infer<typeof coverageRow>;

export const subjects = [...kinds, 'secret', 'user', 'waiver', 'report'] as const;

const finding = object({
  /** The same finding has the same id in every report. */
  id: string(),
  rule: oneOf(ruleNames),
  severity: oneOf(severities),
  status: oneOf(['open', 'waived']),
  kind: oneOf(subjects),
  name: string(),
  secret: optional(string()),
  title: string(),
  evidence: string(),
  remedy: string(),
  controls: array(string()),
  /** Of a drift: the side that differs. */
  side: optional(oneOf(['secret', 'zabbix', 'node', 'unclear'])),
  waiver: optional(object({ owner: string(), reason: string(), expires: iso.date() })),
});
export type Finding = Infer<typeof finding>;

const counts = object({ critical: int(), high: int(), medium: int(), low: int() });

const summary = object({
  objects: int(),
  encrypted: int(),
  partly: int(),
  unencrypted: int(),
  managed: int(),
  notManaged: int(),
  notOurs: int(),
  open: counts,
  waived: int(),
  oldestKeyDays: optional(int()),
});
export type Summary = Infer<typeof summary>;

/** A stretch of the period, `from` included, `to` not. */
const stretch = object({
  from: time,
  to: time,
  rotated: int(),
  repaired: int(),
  rolledBack: int(),
  refused: int(),
  stranded: int(),
  other: int(),
});
export type Stretch = Infer<typeof stretch>;

const ageBar = object({ label: string(), keys: int() });
export type AgeBar = Infer<typeof ageBar>;

export const reportShape = object({
  format: literal('zabbix-psk-report/1'),
  asOf: time,
  period: object({ from: time, to: time }),
  zabbixVersion: string(),
  summary,
  findings: array(finding),
  coverage: array(coverageRow),
  keyAges: array(ageBar),
  timeLine: array(stretch),
  /** Where each chain of records ended when the report was made: SHA-256 of the last record's bytes. */
  chains: array(object({ secret: string(), records: int(), head: optional(string()) })),
});
export type Report = Infer<typeof reportShape>;
