import { listed } from './asked.ts';
import { byCodeUnits } from './by-code-units.ts';
import type { Known } from './coverage.ts';
import { ageInDays, dayOf } from './days.ts';
import { find } from './find.ts';
import type { Gathered, GatheredSecret, Recorded } from './gathered.ts';
import type { CoverageRow, Finding } from './report-shape.ts';

/** Shorter than what this service mints; 16 bytes are the least that Zabbix takes. */
const shortBytes = 32;

/** What a secret's policy, labels, dates and last record show. */
export function secretFindings(gathered: Gathered): readonly Finding[] {
  const lastOf = new Map<string, Recorded>();
  for (const record of listed(gathered.records)) {
    if ((lastOf.get(record.secret)?.sequence ?? -1) < record.sequence) lastOf.set(record.secret, record);
  }
  const rotatedOnce = new Set(
    listed(gathered.records)
      .filter(({ outcome }) => outcome === 'rotated' || outcome === 'repaired')
      .map(({ secret }) => secret),
  );
  return [
    ...namedTwice(listed(gathered.secrets)),
    ...listed(gathered.secrets).flatMap((secret) => [
      ...ofPolicy(secret),
      ...ofState(secret, lastOf.get(secret.name)),
      ...ofAge(secret, rotatedOnce.has(secret.name) || secret.rotated !== undefined, gathered.asOf),
    ]),
  ];
}

/** Two rotations of one target would take its key from each other. */
function namedTwice(secrets: readonly GatheredSecret[]): readonly Finding[] {
  const naming = Map.groupBy(
    secrets.flatMap(({ name, targets }) => targets.map((target) => ({ secret: name, target }))),
    ({ target }) => `${target.kind} ${target.name}`,
  );
  return [...naming.values()].flatMap((them) => {
    const [first] = them;
    if (first === undefined || them.length === 1) return [];
    const names = them.map(({ secret }) => secret).toSorted(byCodeUnits);
    return [find('named-twice', { ...first.target, evidence: `it is a target of ${names.join(' and of ')}` })];
  });
}

function ofPolicy({ name, value, rotationEnabled }: GatheredSecret): readonly Finding[] {
  const secret = { kind: 'secret', name, secret: name } as const;
  if (value.state === 'placeholder')
    return [find('not-adopted', { ...secret, evidence: 'it still holds what the deployment put there' })];
  if (value.state === 'unreadable') return [find('not-adopted', { ...secret, evidence: value.because })];
  return rotationEnabled
    ? []
    : [find('not-scheduled', { ...secret, evidence: 'rotation is switched off in Secrets Manager' })];
}

function ofState(
  { name, unfinished, changed, waitsUntil }: GatheredSecret,
  last: Recorded | undefined,
): readonly Finding[] {
  const secret = { kind: 'secret', name, secret: name } as const;
  const because = last?.because === undefined ? '' : `: ${last.because}`;
  if (last?.outcome === 'stranded')
    return [find('stranded', { ...secret, evidence: `record ${last.sequence} of ${last.at} says stranded${because}` })];
  const findings: Finding[] = [];
  const waits = waitsUntil === undefined ? '' : `; it waits until ${waitsUntil} for a passive proxy to be sent its key`;
  if (unfinished)
    findings.push(
      find('unfinished', { ...secret, evidence: `a version is neither in force nor gone since ${changed}${waits}` }),
    );
  if (last?.outcome === 'rolled-back' || last?.outcome === 'refused')
    findings.push(
      find('last-one-failed', {
        ...secret,
        evidence: `record ${last.sequence} of ${last.at} says ${last.outcome}${because}`,
      }),
    );
  return findings;
}

function ofAge(secret: GatheredSecret, everRotated: boolean, asOf: string): readonly Finding[] {
  const { name, value, created } = secret;
  if (value.state !== 'held' || everRotated) return [];
  const days = ageInDays(created, asOf);
  return [
    find('never-rotated', {
      kind: 'secret',
      name,
      secret: name,
      evidence: `no record and no rotation in Secrets Manager since it was made on ${dayOf(created)}, ${days} days ago`,
    }),
  ];
}

/** What a coverage row shows of its key: overdue, shared, short. */
export function keyFindings(rows: readonly CoverageRow[], known: ReadonlyMap<string, Known>): readonly Finding[] {
  return rows.flatMap((row) => {
    const { kind, name, secret, overdueDays, keyAgeDays, sharedWith, keyBytes } = row;
    const one = known.get(`${kind} ${name}`);
    if (secret === undefined || one === undefined) return [];
    const found = { kind, name, secret };
    const findings: Finding[] = [];
    if (overdueDays > 0)
      findings.push(
        find('overdue', { ...found, evidence: `the key is ${keyAgeDays} days old and ${overdueDays} days overdue` }),
      );
    if (sharedWith > 0) findings.push(find('shared-identity', { ...found, evidence: sharers(one, name) }));
    if (keyBytes !== undefined && keyBytes < shortBytes)
      findings.push(find('short-key', { ...found, evidence: `the key has ${keyBytes} bytes` }));
    return findings;
  });
}

/** Enough to know whom to ask; the rows of the others say it again. */
const mostNames = 5;

function sharers({ secret }: Known, name: string): string {
  const others = [
    ...secret.targets.map((target) => target.name).filter((one) => one !== name),
    ...listed(secret.otherUsers),
  ].toSorted(byCodeUnits);
  const rest = others.length - mostNames;
  return `the identity of ${secret.name} is used by ${others.slice(0, mostNames).join(', ')}${rest > 0 ? ` and ${rest} more` : ''} too`;
}
