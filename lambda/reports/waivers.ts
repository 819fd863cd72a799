import { array, type infer as Infer, iso, minLength, object, enum as oneOf, strictObject, string } from 'zod/mini';
import { Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { type Finding, subjects } from './report-shape.ts';
import { ruleNames } from './rules.ts';

const text = string().check(minLength(1, { error: 'must not be empty' }));

/** What somebody has decided to live with until a day. */
const waiver = strictObject({
  rule: oneOf(ruleNames),
  kind: oneOf(subjects),
  /** To the letter. There is no pattern: a waiver must not take in what comes later. */
  name: text,
  owner: text,
  reason: text,
  /** Last day on which it holds, UTC. */
  expires: iso.date(),
});
export type Waiver = Infer<typeof waiver>;

const waiversShape = object({ waivers: array(waiver) });

/** @throws {Refusal} that names every problem of the file at once */
export function parseWaivers(json: unknown): readonly Waiver[] {
  const parsed = waiversShape.safeParse(json);
  if (parsed.success) return parsed.data.waivers;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new Refusal(
    'WAIVERS_MALFORMED',
    `the file of waivers is not as docs/report.md says (${quote(problems.join(' · '))})`,
  );
}

/** Never an escape from these: a waiver that has ended cannot be waived by another. */
const notToBeWaived: ReadonlySet<string> = new Set(['waiver-expired', 'waiver-unused']);

/** A waived finding stays in the report as waived. A waiver that has ended or that nothing needs becomes a finding itself. */
export function withWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  day: string,
  found: (rule: 'waiver-expired' | 'waiver-unused', waiver: Waiver) => Finding,
): readonly Finding[] {
  const byKey = new Map(waivers.filter(({ expires }) => expires >= day).map((one) => [keyOf(one), one]));
  const needed = new Set(findings.map(keyOf));
  const waived = findings.map((finding): Finding => {
    const one = notToBeWaived.has(finding.rule) ? undefined : byKey.get(keyOf(finding));
    if (one === undefined) return finding;
    const { owner, reason, expires } = one;
    return { ...finding, status: 'waived', waiver: { owner, reason, expires } };
  });
  const ofWaivers = waivers.flatMap((one) => {
    if (!needed.has(keyOf(one))) return [found('waiver-unused', one)];
    return one.expires < day ? [found('waiver-expired', one)] : [];
  });
  return [...waived, ...ofWaivers];
}

function keyOf({ rule, kind, name }: Pick<Waiver, 'rule' | 'kind' | 'name'>): string {
  return JSON.stringify([rule, kind, name]);
}
