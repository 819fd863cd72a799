import { byCodeUnits } from './by-code-units.ts';
import type { Known } from './coverage.ts';
import { dayOf } from './days.ts';
import { find } from './find.ts';
import type { Gathered } from './gathered.ts';
import { targetFindings } from './node-findings.ts';
import type { CoverageRow, Finding } from './report-shape.ts';
import { ruleNames, severities } from './rules.ts';
import { keyFindings, secretFindings } from './secret-findings.ts';
import { type Waiver, withWaivers } from './waivers.ts';
import { zabbixFindings } from './zabbix-findings.ts';

/** Every finding, exceptions first: open before waived, then by severity, rule and name. */
export function findingsOf(
  gathered: Gathered,
  coverage: readonly CoverageRow[],
  known: ReadonlyMap<string, Known>,
  waivers: readonly Waiver[],
): readonly Finding[] {
  const found = [
    ...notAsked(gathered),
    ...nodesLeftOut([...known.values()]),
    ...ofChains(gathered),
    ...zabbixFindings(gathered, coverage),
    ...secretFindings(gathered),
    ...keyFindings(coverage, known),
    ...[...known.values()].flatMap(targetFindings),
  ];
  return withWaivers(found, waivers, dayOf(gathered.asOf), ofWaiver).toSorted(exceptionsFirst);
}

/** A list that could not be read is a hole in the report, and must not look like an empty list. */
function notAsked({ zabbix, secrets, records }: Gathered): readonly Finding[] {
  const parts = {
    'hosts of Zabbix': zabbix.hosts,
    'proxies of Zabbix': zabbix.proxies,
    'autoregistration of Zabbix': zabbix.autoregistration,
    'users of Zabbix': zabbix.readers,
    secrets,
    records,
  };
  return Object.entries(parts).flatMap(([name, part]) =>
    'unknown' in part ? [find('not-asked', { kind: 'report', name, evidence: part.unknown })] : [],
  );
}

/** A large estate has more nodes than one report has time for. */
function nodesLeftOut(known: readonly Known[]): readonly Finding[] {
  const left = known.filter(({ target }) => target.inspection.state === 'not-asked').length;
  if (left === 0) return [];
  const evidence = `${left} of ${known.length} nodes were not inspected: the time of this report was over; the next one begins with others`;
  return [find('not-asked', { kind: 'report', name: 'nodes', evidence })];
}

function ofChains({ chains }: Gathered): readonly Finding[] {
  return chains
    .filter(({ problems }) => problems.length > 0)
    .map(({ secret, problems }) =>
      find('records-broken', { kind: 'secret', name: secret, secret, evidence: problems.join('; ') }),
    );
}

function ofWaiver(
  rule: 'waiver-expired' | 'waiver-unused',
  { rule: waived, kind, name, owner, expires }: Waiver,
): Finding {
  return find(rule, {
    kind: 'waiver',
    name: `${waived} · ${kind} ${name}`,
    evidence: `${owner} has waived it until ${expires}`,
  });
}

function exceptionsFirst(one: Finding, other: Finding): number {
  return (
    Number(one.status === 'waived') - Number(other.status === 'waived') ||
    severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
    ruleNames.indexOf(one.rule) - ruleNames.indexOf(other.rule) ||
    byCodeUnits(one.kind, other.kind) ||
    byCodeUnits(one.name, other.name)
  );
}
