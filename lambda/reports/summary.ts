import type { AgeBar, CoverageRow, Finding, Summary } from './report-shape.ts';

export function summaryOf(coverage: readonly CoverageRow[], findings: readonly Finding[]): Summary {
  const rows = (of: (row: CoverageRow) => boolean) => coverage.filter(of).length;
  const open = findings.filter(({ status }) => status === 'open');
  const of = (severity: Finding['severity']) => open.filter((finding) => finding.severity === severity).length;
  const ages = coverage.flatMap(({ keyAgeDays }) => (keyAgeDays === undefined ? [] : [keyAgeDays]));
  return {
    objects: coverage.length,
    encrypted: rows(({ encryption }) => encryption === 'psk' || encryption === 'certificate'),
    partly: rows(({ encryption }) => encryption === 'open'),
    unencrypted: rows(({ encryption }) => encryption === 'none'),
    managed: rows(({ managed }) => managed === 'managed'),
    notManaged: rows(({ managed }) => managed === 'not-managed'),
    notOurs: rows(({ managed }) => managed === 'not-ours'),
    open: { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low') },
    waived: findings.length - open.length,
    ...(ages.length === 0 ? {} : { oldestKeyDays: ages.reduce((oldest, age) => Math.max(oldest, age)) }),
  };
}

/** Upper ends, in days, included. Two years is what NIST SP 800-57 allows a symmetric authentication key. */
const ends = [30, 60, 90, 180, 365, 730] as const;

/** How old the keys are that this service knows of. */
export function keyAgesOf(coverage: readonly CoverageRow[]): readonly AgeBar[] {
  const ages = coverage.flatMap(({ keyAgeDays }) => (keyAgeDays === undefined ? [] : [keyAgeDays]));
  const bars = ends.map((end, index) => {
    const from = (ends[index - 1] ?? -1) + 1;
    return {
      label: `${from}–${end} days`,
      keys: ages.filter((age) => (index === 0 || age >= from) && age <= end).length,
    };
  });
  return [...bars, { label: 'over 2 years', keys: ages.filter((age) => age > 730).length }];
}
