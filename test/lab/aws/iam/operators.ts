/**
 * Condition operators. A missing key fails a positive operator and satisfies a negated one; `IfExists` makes it pass.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { NotImitated } from '../aws-error.ts';
import { arnMatches, globMatches } from './match.ts';

type Test = (actual: string, wanted: string) => boolean;

const positive: Readonly<Record<string, Test>> = {
  StringEquals: (actual, wanted) => actual === wanted,
  StringEqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StringLike: (actual, wanted) => globMatches(wanted, actual),
  ArnEquals: (actual, wanted) => arnMatches(wanted, actual),
  ArnLike: (actual, wanted) => arnMatches(wanted, actual),
  Bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (actual, wanted) => Number(actual) === Number(wanted),
  NumericLessThan: (actual, wanted) => Number(actual) < Number(wanted),
  NumericLessThanEquals: (actual, wanted) => Number(actual) <= Number(wanted),
  NumericGreaterThan: (actual, wanted) => Number(actual) > Number(wanted),
  NumericGreaterThanEquals: (actual, wanted) => Number(actual) >= Number(wanted),
};

const negated: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

interface Operator {
  readonly set: 'any' | 'all' | 'single';
  readonly ifExists: boolean;
  readonly negate: boolean;
  readonly test: Test | 'null';
}

export function assertKnownOperator(name: string, where: string): void {
  if (parse(name) === undefined) throw new NotImitated(`${where}: condition operator ${name} is not imitated`);
}

export function conditionHolds(
  name: string,
  wanted: readonly string[],
  actual: readonly string[] | undefined,
): boolean {
  const operator = parse(name);
  if (operator === undefined) throw new NotImitated(`condition operator ${name} is not imitated`);
  const { test } = operator;
  if (test === 'null') return wanted.some((value) => (value === 'true') === (actual === undefined));
  if (actual === undefined) return operator.ifExists || operator.negate || operator.set === 'all';
  const one = (value: string) => wanted.some((pattern) => test(value, pattern)) !== operator.negate;
  return operator.set === 'any' ? actual.some(one) : actual.every(one);
}

function parse(name: string): Operator | undefined {
  const { set, base, suffix } =
    name.match(/^(?:(?<set>ForAnyValue|ForAllValues):)?(?<base>[A-Za-z]+?)(?<suffix>IfExists)?$/)?.groups ?? {};
  if (base === undefined) return undefined;
  const common = {
    set: set === 'ForAnyValue' ? 'any' : set === 'ForAllValues' ? 'all' : 'single',
    ifExists: suffix !== undefined,
  } as const;
  if (base === 'Null')
    return set === undefined && suffix === undefined ? { ...common, negate: false, test: 'null' } : undefined;
  const positiveName = negated[base] ?? base;
  const test = positive[positiveName];
  return test === undefined ? undefined : { ...common, negate: positiveName !== base, test };
}
