/** Intrinsic functions. Whatever is not here throws: a template that is half understood is not deployed. */
import { NotImitated } from '../aws-error.ts';
import { isList, isObject, type Json } from '../json.ts';

export interface Scope {
  readonly ref: (name: string) => Json;
  readonly attribute: (logicalId: string, name: string) => Json;
  readonly condition: (name: string) => boolean;
}

/** `AWS::NoValue`: the property does not exist. */
export const noValue: Json = '\u0000AWS::NoValue';

export function resolve(value: Json, scope: Scope): Json {
  if (typeof value === 'string') {
    if (value.includes('{{resolve:')) throw new NotImitated(`dynamic reference ${value}`);
    return value;
  }
  if (isList(value)) return value.map((member) => resolve(member, scope)).filter((member) => member !== noValue);
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && argument !== undefined && /^(Ref|Fn::.*)$/.test(name)) {
    return call(name, argument, scope);
  }
  return Object.fromEntries(
    entries.map(([key, member]) => [key, resolve(member, scope)] as const).filter(([, member]) => member !== noValue),
  );
}

function call(name: string, argument: Json, scope: Scope): Json {
  switch (name) {
    case 'Ref':
      return scope.ref(text(argument, name));
    case 'Fn::GetAtt': {
      const parts = isList(argument) ? argument.map(String) : text(argument, name).split('.');
      return scope.attribute(parts[0] ?? '', parts.slice(1).join('.'));
    }
    case 'Fn::Join': {
      const [separator, members] = list(argument, name);
      return list(resolve(members ?? null, scope), name)
        .map(scalar)
        .join(text(separator, name));
    }
    case 'Fn::Select': {
      const [index, members] = list(argument, name);
      return list(resolve(members ?? null, scope), name)[Number(index)] ?? fail(name, argument);
    }
    case 'Fn::Split': {
      const [separator, source] = list(argument, name);
      return text(resolve(source ?? null, scope), name).split(text(separator, name));
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::If': {
      const [condition, yes, no] = list(argument, name);
      return resolve((scope.condition(text(condition, name)) ? yes : no) ?? fail(name, argument), scope);
    }
    default:
      throw new NotImitated(`intrinsic function ${name}`);
  }
}

function substitute(argument: Json, scope: Scope): string {
  const [template, own] = isList(argument) ? argument : [argument, {}];
  const values = isObject(own) ? own : {};
  return text(template, 'Fn::Sub').replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const mine = values[name];
    if (mine !== undefined) return scalar(resolve(mine, scope));
    const [logicalId = '', ...attribute] = name.split('.');
    return scalar(attribute.length === 0 ? scope.ref(logicalId) : scope.attribute(logicalId, attribute.join('.')));
  });
}

/** Conditions of the template. */
export function holds(value: Json, scope: Scope): boolean {
  const [name, argument] = Object.entries(isObject(value) ? value : {})[0] ?? [];
  const members = isList(argument) ? argument : [];
  switch (name) {
    case 'Fn::Equals':
      return JSON.stringify(resolve(members[0] ?? null, scope)) === JSON.stringify(resolve(members[1] ?? null, scope));
    case 'Fn::Not':
      return !members.every((member) => holds(member, scope));
    case 'Fn::And':
      return members.every((member) => holds(member, scope));
    case 'Fn::Or':
      return members.some((member) => holds(member, scope));
    case 'Condition':
      return scope.condition(text(argument, 'Condition'));
    default:
      throw new NotImitated(`condition ${JSON.stringify(value)}`);
  }
}

function scalar(value: Json): string {
  return typeof value === 'object' ? fail('a text', value) : String(value);
}

function text(value: Json | undefined, where: string): string {
  return typeof value === 'string' ? value : fail(where, value ?? null);
}

function list(value: Json, where: string): readonly Json[] {
  return isList(value) ? value : fail(where, value);
}

function fail(where: string, value: Json): never {
  throw new NotImitated(`${where} of ${JSON.stringify(value)}`);
}
