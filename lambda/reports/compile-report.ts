import { byCodeUnits } from './by-code-units.ts';
import { coverageOf, keyOf, knownTargets } from './coverage.ts';
import { findingsOf } from './findings.ts';
import type { Gathered } from './gathered.ts';
import type { CoverageRow, Finding, Report } from './report-shape.ts';
import { severities } from './rules.ts';
import { keyAgesOf, summaryOf } from './summary.ts';
import { timeLineOf } from './time-line.ts';
import type { Waiver } from './waivers.ts';

/** The report: rows computed once, from which every form is made. The same input gives the same report, in whatever order it was gathered. */
export function compileReport(gathered: Gathered, waivers: readonly Waiver[]): Report {
  const known = knownTargets(gathered);
  const rows = coverageOf(gathered, known);
  const findings = findingsOf(gathered, rows, known, waivers);
  const coverage = withFindings(rows, findings).toSorted(worstFirst);
  return {
    format: 'zabbix-psk-report/1',
    asOf: gathered.asOf,
    period: gathered.period,
    zabbixVersion: gathered.zabbix.version,
    summary: summaryOf(coverage, findings),
    findings: [...findings],
    coverage: [...coverage],
    keyAges: [...keyAgesOf(coverage)],
    timeLine: [...timeLineOf(gathered)],
    chains: gathered.chains
      .map(({ secret, records, head }) => ({ secret, records, ...(head === undefined ? {} : { head }) }))
      .toSorted((one, other) => byCodeUnits(one.secret, other.secret)),
  };
}

/** Those of its secret too: the row of a host must not look clean because the finding has the secret's name on it. */
function withFindings(rows: readonly CoverageRow[], findings: readonly Finding[]): readonly CoverageRow[] {
  const bySubject = Map.groupBy(
    findings.filter(({ status }) => status === 'open'),
    ({ kind, name }) => `${kind} ${name}`,
  );
  return rows.map((row) => {
    const ofSecret = row.secret === undefined ? [] : (bySubject.get(`secret ${row.secret}`) ?? []);
    const open = [...(bySubject.get(keyOf(row)) ?? []), ...ofSecret];
    const worst = severities.find((severity) => open.some((finding) => finding.severity === severity));
    return { ...row, openFindings: open.length, ...(worst === undefined ? {} : { worst }) };
  });
}

function worstFirst(one: CoverageRow, other: CoverageRow): number {
  return rank(one) - rank(other) || byCodeUnits(one.kind, other.kind) || byCodeUnits(one.name, other.name);
}

function rank({ worst }: CoverageRow): number {
  return worst === undefined ? severities.length : severities.indexOf(worst);
}
