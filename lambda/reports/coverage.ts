import { listed } from './asked.ts';
import { byCodeUnits } from './by-code-units.ts';
import { ageInDays } from './days.ts';
import type { Gathered, GatheredSecret, GatheredTarget, Kind, Recorded, ZabbixObject } from './gathered.ts';
import type { CoverageRow } from './report-shape.ts';

/** What we know of a Zabbix object through its secret and the records. */
export interface Known {
  readonly secret: GatheredSecret;
  readonly target: GatheredTarget;
  readonly last: Recorded | undefined;
  /** When its key came into use, as a record says. */
  readonly activated: string | undefined;
}

/** Of an object: `host web-01`. Names are unique within a kind. */
export function keyOf({ kind, name }: { readonly kind: Kind; readonly name: string }): string {
  return `${kind} ${name}`;
}

export function knownTargets(gathered: Gathered): ReadonlyMap<string, Known> {
  const { lastOf, activatedAt } = lastRecords(listed(gathered.records));
  const known = new Map<string, Known>();
  for (const secret of listed(gathered.secrets).toSorted((one, other) => byCodeUnits(one.name, other.name))) {
    for (const target of secret.targets) {
      const activated = activatedAt.get(`${secret.name} ${keyOf(target)}`);
      known.set(keyOf(target), { secret, target, last: lastOf.get(secret.name), activated });
    }
  }
  return known;
}

/** Everything that Zabbix has, one row each, before findings are counted. */
export function coverageOf(gathered: Gathered, known: ReadonlyMap<string, Known>): readonly CoverageRow[] {
  const { hosts, proxies, autoregistration } = gathered.zabbix;
  const objects = [
    ...listed(hosts),
    ...listed(proxies),
    ...('known' in autoregistration ? [autoregistration.known] : []),
  ];
  return objects.map((object) => row(object, known.get(keyOf(object)), gathered));
}

function row(object: ZabbixObject, known: Known | undefined, gathered: Gathered): CoverageRow {
  const { kind, name, visibleName, enabled, behind, connect, accept } = object;
  const encryption = encryptionOf(object);
  return {
    kind,
    name,
    ...(visibleName === undefined ? {} : { visibleName }),
    enabled,
    ...(behind === undefined ? {} : { behind }),
    connect,
    accept,
    encryption,
    managed:
      known !== undefined ? 'managed' : encryption === 'certificate' || !object.usesAgent ? 'not-ours' : 'not-managed',
    sharedWith: 0,
    ...(known === undefined ? { overdueDays: 0 } : ofKey(known, gathered)),
    openFindings: 0,
  };
}

function ofKey({ secret, target, last, activated }: Known, { asOf, longestKeyAgeDays }: Gathered) {
  const others = 'known' in secret.otherUsers ? secret.otherUsers.known.length : 0;
  // Without a record only the secret's dates are left: when it was rotated, else when the key was put there by hand.
  const since = activated ?? secret.rotated ?? secret.changed;
  const keyAgeDays = ageInDays(since, asOf);
  const late = secret.next === undefined ? 0 : ageInDays(secret.next, asOf);
  const keyBytes = target.inspection.state === 'inspected' ? target.inspection.keyBytes : held(secret);
  return {
    secret: secret.name,
    sharedWith: secret.targets.length - 1 + others,
    ...(keyBytes === undefined ? {} : { keyBytes }),
    keySince: { at: since, source: activated === undefined ? ('secret' as const) : ('record' as const) },
    keyAgeDays,
    ...(secret.next === undefined ? {} : { next: secret.next }),
    overdueDays: Math.max(0, late, keyAgeDays - longestKeyAgeDays),
    ...(last === undefined ? {} : { lastOutcome: last.outcome }),
  };
}

function held({ value }: GatheredSecret): number | undefined {
  return value.state === 'held' ? value.keyBytes : undefined;
}

/** Of the directions that exist. A direction that also lets unencrypted traffic in is open, whatever else it takes. */
export function encryptionOf({ connect, accept }: Pick<ZabbixObject, 'connect' | 'accept'>): CoverageRow['encryption'] {
  const directions = [...(connect === null ? [] : [[connect]]), ...(accept === null ? [] : [accept])];
  const open = directions.filter((taken) => taken.includes('none'));
  if (open.length === 0) return directions.flat().includes('psk') ? 'psk' : 'certificate';
  return directions.every((taken) => taken.every((method) => method === 'none')) ? 'none' : 'open';
}

function lastRecords(records: readonly Recorded[]) {
  const lastOf = new Map<string, Recorded>();
  const activatedAt = new Map<string, string>();
  for (const record of records) {
    const before = lastOf.get(record.secret);
    if (before === undefined || before.sequence < record.sequence) lastOf.set(record.secret, record);
    for (const target of record.targets) {
      const key = `${record.secret} ${keyOf(target)}`;
      const known = activatedAt.get(key);
      if (target.activated !== undefined && (known === undefined || known < target.activated))
        activatedAt.set(key, target.activated);
    }
  }
  return { lastOf, activatedAt };
}
