/** GenerateSecretString: a random text, alone or as one key of a JSON template. */
import { randomInt } from 'node:crypto';
import { isObject, parseJson } from '../json.ts';

export interface GenerateSecretString {
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
  readonly GenerateStringKey?: string | undefined;
  readonly SecretStringTemplate?: string | undefined;
}

const defaultLength = 32;
const lower = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

export function generatedString(how: GenerateSecretString): string {
  const excluded = how.ExcludeCharacters ?? '';
  const kinds = [
    how.ExcludeLowercase === true ? '' : lower,
    how.ExcludeUppercase === true ? '' : lower.toUpperCase(),
    how.ExcludeNumbers === true ? '' : digits,
    how.ExcludePunctuation === true ? '' : punctuation,
    how.IncludeSpace === true ? ' ' : '',
  ]
    .map((kind) => [...kind].filter((character) => !excluded.includes(character)).join(''))
    .filter((kind) => kind !== '');
  const all = kinds.join('');
  const one = (from: string) => from.charAt(randomInt(from.length));
  // Each kind once unless that was switched off, then anything: the order does not matter to a stand-in.
  const required = how.RequireEachIncludedType === false ? [] : kinds.map(one);
  const rest = Array.from({ length: (how.PasswordLength ?? defaultLength) - required.length }, () => one(all));
  const text = [...required, ...rest].join('');
  if (how.GenerateStringKey === undefined) return text;
  const template = parseJson(how.SecretStringTemplate ?? '{}');
  return JSON.stringify({ ...(isObject(template) ? template : {}), [how.GenerateStringKey]: text });
}
