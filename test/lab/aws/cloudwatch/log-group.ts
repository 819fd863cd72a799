/** Log groups and the metric filters that read them. */
import { NotImitated } from '../aws-error.ts';
import { isObject, type Json, parseJson } from '../json.ts';
import type { World } from '../world.ts';
import { metricDatum } from './alarm.ts';

export interface LogGroup {
  readonly name: string;
  readonly arn: string;
}

export interface MetricFilter {
  readonly logGroup: string;
  readonly matches: (message: string) => boolean;
  readonly namespace: string;
  readonly metric: string;
}

export function logEvent(world: World, logGroup: string, message: string): void {
  for (const filter of world.metricFilters) {
    if (filter.logGroup === logGroup && filter.matches(message))
      metricDatum(world, filter.namespace, filter.metric, {});
  }
}

/**
 * Filter patterns: `{ $.a.b = "text" }` with `!=`, `&&`, `||`, or plain words that must all occur. `*` in a text is a wildcard.
 * @throws {NotImitated} for everything else
 */
export function filterPattern(pattern: string): (message: string) => boolean {
  const inner = pattern.match(/^\s*\{(.*)\}\s*$/s)?.[1];
  if (inner === undefined) {
    const words = pattern.match(/"[^"]*"|\S+/g)?.map((word) => word.replace(/^"|"$/g, '')) ?? [];
    if (words.some((word) => /^[[\]?%-]/.test(word))) throw new NotImitated(`metric filter pattern ${pattern}`);
    return (message) => words.every((word) => message.includes(word));
  }
  const any = inner.split('||').map((part) => part.split('&&').map((term) => comparison(term, pattern)));
  return (message) => {
    const json = jsonOf(message);
    return json !== undefined && any.some((all) => all.every((test) => test(json)));
  };
}

function comparison(term: string, pattern: string): (json: Json) => boolean {
  const { path, operator, wanted } =
    term.match(/^[\s(]*\$\.(?<path>[A-Za-z0-9_.-]+)\s*(?<operator>!=|=)\s*"?(?<wanted>[^"]*?)"?[\s)]*$/)?.groups ?? {};
  if (path === undefined || wanted === undefined) throw new NotImitated(`metric filter pattern ${pattern}`);
  const regex = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  return (json) => {
    const value = path.split('.').reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), json);
    return value !== undefined && regex.test(String(value)) === (operator === '=');
  };
}

function jsonOf(message: string): Json | undefined {
  try {
    return parseJson(message);
  } catch {
    // Not every line is JSON; a JSON pattern does not match those.
    return undefined;
  }
}
