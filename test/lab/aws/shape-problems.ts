/** Everything about a body that its official shape does not allow, in the words in which the services tell it. */
import { isList, isObject, type Json, type JsonObject } from './json.ts';
import { type Constraints, type ServiceModel, type Shape, shapeOf } from './service-model.ts';

export type Problem =
  /** A member that the service does not know. */
  | { readonly kind: 'unknown'; readonly path: string; readonly name: string }
  | { readonly kind: 'type'; readonly path: string; readonly says: string }
  | { readonly kind: 'constraint'; readonly says: string };

/** `answer`: bodies that the services write themselves keep their own rules less strictly. */
export type Direction = 'request' | 'answer';

interface Place {
  readonly model: ServiceModel;
  readonly direction: Direction;
  /** `parameters`, `filters.1.member.key`; empty for the body itself. */
  readonly path: string;
}

export function problemsOf(
  model: ServiceModel,
  shapeName: string,
  body: Json,
  direction: Direction,
): readonly Problem[] {
  return problems(shapeOf(model, shapeName), body, { model, direction, path: '' });
}

function problems(shape: Shape, value: Json, place: Place): readonly Problem[] {
  switch (shape.type) {
    case 'structure':
      return isObject(value) ? ofStructure(shape, value, place) : [wrongType(place, value, 'a structure')];
    case 'list':
      return isList(value) ? ofList(shape, value, place) : [wrongType(place, value, 'a list')];
    case 'map':
      return isObject(value) ? ofMap(shape, value, place) : [wrongType(place, value, 'a map')];
    case 'string':
    case 'blob':
      return typeof value === 'string'
        ? broken(place, value, shape, ruleOf(shape, value, place))
        : [wrongType(place, value, 'a String')];
    case 'integer':
    case 'long':
      return typeof value === 'number' && Number.isInteger(value)
        ? broken(place, value, shape, ruleOf(shape, value, place))
        : [wrongType(place, value, shape.type === 'long' ? 'a Long' : 'an Integer')];
    case 'timestamp':
      return typeof value === 'number' ? [] : [wrongType(place, value, 'a Timestamp')];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [wrongType(place, value, 'a Boolean')];
  }
}

function ofStructure(
  { members, required = [] }: Extract<Shape, { type: 'structure' }>,
  value: JsonObject,
  place: Place,
): readonly Problem[] {
  // In a request null is as good as nothing; none of our answers should say null.
  const given = Object.entries(value).filter(([, member]) => place.direction === 'answer' || member !== null);
  const missing = required.filter((name) => !given.some(([key]) => key === name));
  return [
    ...missing.map(
      (name): Problem => ({
        kind: 'constraint',
        says: `Value null at '${below(place, name).path}' failed to satisfy constraint: Member must not be null`,
      }),
    ),
    ...given.flatMap(([name, member]): readonly Problem[] => {
      const known = members[name];
      if (known === undefined) return [{ kind: 'unknown', path: below(place, name).path, name }];
      return problems(shapeOf(place.model, known.shape), member, below(place, name));
    }),
  ];
}

function ofList(shape: Extract<Shape, { type: 'list' }>, value: readonly Json[], place: Place): readonly Problem[] {
  const member = shapeOf(place.model, shape.member.shape);
  const size = broken(place, value, shape, sizeRule(shape, value.length, 'length'));
  if (member.type === 'structure') {
    return [
      ...size,
      ...value.flatMap((item, index) =>
        problems(member, item, { ...place, path: `${place.path}.${index + 1}.member` }),
      ),
    ];
  }
  return [...size, ...ofItems(member, value, value, place, 'Member')];
}

function ofMap(shape: Extract<Shape, { type: 'map' }>, value: JsonObject, place: Place): readonly Problem[] {
  const entries = Object.entries(value);
  return [
    ...broken(place, value, shape, sizeRule(shape, entries.length, 'length')),
    ...ofItems(shapeOf(place.model, shape.key.shape), Object.keys(value), value, place, 'Map keys'),
    ...ofItems(shapeOf(place.model, shape.value.shape), Object.values(value), value, place, 'Map value'),
  ];
}

/** Items that have no name of their own are told by the whole list or map: `Member must satisfy constraint: […]`. */
function ofItems(shape: Shape, items: readonly Json[], whole: Json, place: Place, what: string): readonly Problem[] {
  const rules = new Set<string>();
  const others: Problem[] = [];
  for (const item of items) {
    const rule = shape.type === 'string' && typeof item === 'string' ? ruleOf(shape, item, place) : undefined;
    for (const problem of problems(shape, item, place)) {
      if (problem.kind === 'constraint' && rule !== undefined) rules.add(rule);
      else others.push(problem);
    }
  }
  if (rules.size === 0) return others;
  return [...broken(place, whole, shape, `${what} must satisfy constraint: [${[...rules].join(', ')}]`), ...others];
}

/** The first rule that a string or number breaks. */
function ruleOf(
  shape: Constraints & { readonly type: Shape['type']; readonly enum?: readonly string[] | undefined },
  value: string | number,
  { direction }: Place,
): string | undefined {
  if (typeof value === 'number') return sizeRule(shape, value, 'value');
  // Services leave fields empty that have nothing to tell: GetCommandInvocation its times, until the command has ended.
  if (direction === 'answer' && value === '') return undefined;
  if (shape.enum !== undefined && !shape.enum.includes(value))
    return `Member must satisfy enum value set: [${shape.enum.join(', ')}]`;
  const length = shape.type === 'blob' ? Buffer.from(value, 'base64').length : value.length;
  const size = sizeRule(shape, length, 'length');
  if (size !== undefined) return size;
  if (shape.pattern !== undefined && !wholly(shape.pattern).test(value))
    return `Member must satisfy regular expression pattern: ${shape.pattern}`;
  return undefined;
}

function sizeRule({ min, max }: Constraints, size: number, what: 'length' | 'value'): string | undefined {
  const have = what === 'length' ? 'have length' : 'have value';
  if (min !== undefined && size < min) return `Member must ${have} greater than or equal to ${min}`;
  if (max !== undefined && size > max) return `Member must ${have} less than or equal to ${max}`;
  return undefined;
}

function broken(place: Place, value: Json, shape: Shape, rule: string | undefined): readonly Problem[] {
  if (rule === undefined) return [];
  const shown = 'sensitive' in shape && shape.sensitive === true ? 'Value' : `Value '${printed(value)}'`;
  return [{ kind: 'constraint', says: `${shown} at '${place.path}' failed to satisfy constraint: ${rule}` }];
}

function wrongType({ path }: Place, value: Json, wanted: string): Problem {
  const found = isList(value)
    ? 'Start of list'
    : isObject(value)
      ? 'Start of structure or map'
      : value === null
        ? 'NULL_VALUE'
        : `${value === true || value === false ? value : typeof value}_VALUE`.toUpperCase();
  const scalar = !isList(value) && !isObject(value);
  return {
    kind: 'type',
    path,
    says: scalar ? `${found} can not be converted to ${wanted}` : `${found} found where not expected.`,
  };
}

function below(place: Place, name: string): Place {
  const camel = name.charAt(0).toLowerCase() + name.slice(1);
  return { ...place, path: place.path === '' ? camel : `${place.path}.${camel}` };
}

/** Lists and maps as Java prints them, which is how the services show them. */
function printed(value: Json): string {
  if (isList(value)) return `[${value.map(printed).join(', ')}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${printed(item)}`)
      .join(', ')}}`;
  return String(value);
}

const compiled = new Map<string, RegExp>();

/** Java's patterns match the whole text, also those that are written without ^ and $. */
function wholly(pattern: string): RegExp {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    // Unicode mode for \p{…} only: it refuses harmless escapes such as \! that other patterns hold.
    regex = new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : '');
    compiled.set(pattern, regex);
  }
  return regex;
}
