import type { Report } from '../report-shape.ts';
import { rules, severities } from '../rules.ts';

/**
 * The rows that page.js shows, as short as they can be: lists in the order that it knows, what is the same for all findings of
 * a rule once. A report of 10,000 hosts must stay below 10 MB.
 */
export function pageRows({ findings, coverage }: Report) {
  const used = [...new Set(findings.map(({ rule }) => rule))];
  return {
    severities,
    rules: Object.fromEntries(
      used.map((name) => {
        const { title, remedy, controls } = rules[name];
        return [name, { title, remedy, controls }];
      }),
    ),
    findings: findings.map(({ severity, status, rule, kind, name, evidence, waiver }) => [
      severities.indexOf(severity),
      status,
      rule,
      kind,
      name,
      evidence,
      ...(waiver === undefined ? [] : [`${waiver.owner}, until ${waiver.expires}: ${waiver.reason}`]),
    ]),
    coverage: coverage.map((row) => [
      row.worst === undefined ? severities.length : severities.indexOf(row.worst),
      row.kind,
      row.name,
      row.visibleName ?? '',
      row.encryption,
      row.managed,
      row.secret ?? '',
      row.keyAgeDays ?? null,
      row.next?.slice(0, 10) ?? '',
      row.overdueDays,
      row.lastOutcome ?? '',
      row.openFindings,
    ]),
  };
}
