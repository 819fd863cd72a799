/** What a target gets: the event, a part of it, a constant, or a text made from parts of it. */
import { NotImitated } from '../aws-error.ts';
import { isList, isObject, type Json, parseJson } from '../json.ts';
import type { InputTransformer, Target } from './rule.ts';

export interface RuleContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly ingestionTime: string;
}

export function targetInput(target: Target, event: Json, rule: RuleContext): Json {
  if (target.input !== undefined) return target.input;
  if (target.inputPath !== undefined) return at(event, target.inputPath) ?? null;
  return target.transformer === undefined ? event : transform(target.transformer, event, rule);
}

/**
 * `<name>` stands for what the path found. A template that is JSON after replacing is JSON, otherwise it is the text.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
function transform({ paths, template }: InputTransformer, event: Json, rule: RuleContext): Json {
  const quoted = /^\s*"/.test(template) || /^\s*\{/.test(template);
  const filled = template.replace(
    /("?)<([A-Za-z0-9_.-]+)>("?)/g,
    (_whole, open: string, name: string, close: string) => {
      const value = reserved(name, event, rule) ?? at(event, pathOf(paths, name)) ?? null;
      const json = JSON.stringify(value);
      const bare = typeof value === 'string' ? json.slice(1, -1) : value === null ? '' : json;
      // Between quotes the value is part of a text; without them it is a JSON value of its own.
      if (open !== '' && close !== '') return typeof value === 'object' ? bare : `"${bare}"`;
      return insideText(template, name) || !quoted ? `${open}${bare}${close}` : `${open}${json}${close}`;
    },
  );
  try {
    return parseJson(filled);
  } catch {
    return filled;
  }
}

/** Whether the place of `<name>` lies within a quoted text of the template: an odd number of quotes before it. */
function insideText(template: string, name: string): boolean {
  const before = template.slice(0, template.indexOf(`<${name}>`)).replaceAll('\\"', '');
  return (before.split('"').length - 1) % 2 === 1;
}

function pathOf(paths: Readonly<Record<string, string>>, name: string): string {
  const path = paths[name];
  if (path === undefined) throw new NotImitated(`input template: <${name}> has no path`);
  return path;
}

function reserved(name: string, event: Json, rule: RuleContext): Json | undefined {
  switch (name) {
    case 'aws.events.rule-arn':
      return rule.ruleArn;
    case 'aws.events.rule-name':
      return rule.ruleName;
    case 'aws.events.event.ingestion-time':
      return rule.ingestionTime;
    case 'aws.events.event':
    case 'aws.events.event.json':
      return event;
    default:
      return undefined;
  }
}

function at(event: Json, path: string): Json | undefined {
  if (!/^\$(\.[A-Za-z0-9_-]+|\[\d+\])*$/.test(path)) throw new NotImitated(`path ${path}`);
  return (path.match(/[A-Za-z0-9_-]+/g) ?? []).reduce<Json | undefined>((value, key) => {
    if (isList(value)) return value[Number(key)];
    return isObject(value) ? value[key] : undefined;
  }, event);
}
