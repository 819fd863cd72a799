import type { Finding } from './report-shape.ts';
import { type RuleName, rules } from './rules.ts';
import { uuidOf } from './uuid.ts';

/** What differs from finding to finding of one rule. */
export type Found = Pick<Finding, 'kind' | 'name' | 'evidence'> & Partial<Pick<Finding, 'secret' | 'side'>>;

/** A finding of a rule. Its id depends on rule and subject only, so that it stays the same from report to report. */
export function find(rule: RuleName, found: Found): Finding {
  const { severity, title, remedy, controls } = rules[rule];
  const { kind, name, evidence, secret, side } = found;
  return {
    id: uuidOf('finding', rule, kind, name),
    rule,
    severity,
    status: 'open',
    kind,
    name,
    ...(secret === undefined ? {} : { secret }),
    title,
    evidence,
    remedy,
    controls: [...controls],
    ...(side === undefined ? {} : { side }),
  };
}
