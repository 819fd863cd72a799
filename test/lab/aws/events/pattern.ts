/**
 * Event patterns: exact values, prefix, suffix, equals-ignore-case, anything-but, exists, numeric, $or.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
 */
import { NotImitated } from '../aws-error.ts';
import { isList, isObject, type Json, type JsonObject } from '../json.ts';

type Test = (value: Json | undefined) => boolean;

export function compilePattern(pattern: Json): Test {
  if (!isObject(pattern)) throw new NotImitated(`event pattern ${JSON.stringify(pattern)}`);
  const tests = Object.entries(pattern).map(([key, wanted]): Test => {
    if (key === '$or') {
      if (!isList(wanted)) throw new NotImitated('event pattern: $or without a list');
      const choices = wanted.map(compilePattern);
      return (value) => choices.some((choice) => choice(value));
    }
    const test = isList(wanted) ? anyOf(wanted.map(leaf)) : compilePattern(wanted);
    return (value) => test(isObject(value) ? value[key] : undefined);
  });
  return (value) => tests.every((test) => test(value));
}

/** A list in the event matches when one of its members does. */
function anyOf(tests: readonly Test[]): Test {
  return (value) => {
    const values = isList(value) ? value : [value];
    return tests.some((test) => values.some((one) => test(one)));
  };
}

function leaf(wanted: Json): Test {
  if (!isObject(wanted)) return (value) => value === wanted;
  const [operator, operand] = Object.entries(wanted)[0] ?? [];
  if (operator === undefined || operand === undefined || Object.keys(wanted).length !== 1) throw unknown(wanted);
  switch (operator) {
    case 'exists':
      return (value) => (value !== undefined && !isObject(value)) === operand;
    case 'prefix':
      return text(operand, wanted, (value, part) => value.startsWith(part));
    case 'suffix':
      return text(operand, wanted, (value, part) => value.endsWith(part));
    case 'equals-ignore-case':
      return text(operand, wanted, (value, part) => value.toLowerCase() === part.toLowerCase());
    case 'anything-but': {
      const unwanted = (isList(operand) ? operand : [operand]).map(leaf);
      return (value) => value !== undefined && !unwanted.some((test) => test(value));
    }
    case 'numeric':
      return numeric(operand, wanted);
    default:
      throw unknown(wanted);
  }
}

function text(operand: Json, wanted: JsonObject, compare: (value: string, part: string) => boolean): Test {
  if (typeof operand !== 'string') throw unknown(wanted);
  return (value) => typeof value === 'string' && compare(value, operand);
}

function numeric(operand: Json, wanted: JsonObject): Test {
  if (!isList(operand) || operand.length % 2 !== 0) throw unknown(wanted);
  const pairs = Array.from(
    { length: operand.length / 2 },
    (_, pair) => [operand[2 * pair], operand[2 * pair + 1]] as const,
  );
  return (value) =>
    typeof value === 'number' &&
    pairs.every(([comparison, bound]) => {
      if (typeof bound !== 'number') throw unknown(wanted);
      if (comparison === '=') return value === bound;
      if (comparison === '<') return value < bound;
      if (comparison === '<=') return value <= bound;
      if (comparison === '>') return value > bound;
      if (comparison === '>=') return value >= bound;
      throw unknown(wanted);
    });
}

function unknown(wanted: JsonObject): NotImitated {
  return new NotImitated(`event pattern operator ${JSON.stringify(wanted)}`);
}
