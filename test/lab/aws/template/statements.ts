/** Every statement that allows something in a template, and the template without it. For tests that ask whether each is needed. */
import { isList, isObject, type Json, type JsonObject } from '../json.ts';

export interface TemplateStatement {
  /** Resource without CDK's hash, and Sid or position: `RotatorPolicy[FollowCommands]`. */
  readonly label: string;
  readonly actions: readonly string[];
  readonly effect: Json | undefined;
  readonly without: (template: JsonObject) => JsonObject;
}

const documents = ['AssumeRolePolicyDocument', 'PolicyDocument', 'KeyPolicy', 'ResourcePolicy'];

export function statementsOf(template: JsonObject): readonly TemplateStatement[] {
  return Object.entries(objectAt(template, 'Resources')).flatMap(([id, resource]) => {
    if (!isObject(resource)) return [];
    const properties = isObject(resource.Properties) ? resource.Properties : {};
    // CDK puts the path of whom a rule may call behind the rule's own.
    const name = id.replace(/[0-9A-F]{8}$/, '').replace(/AllowEventRule.*/, 'AllowEventRule');
    if (resource.Type === 'AWS::Lambda::Permission') {
      const actions = listed(properties.Action);
      return [{ label: name, actions, effect: 'Allow', without: (whole) => withoutResource(whole, id) }];
    }
    return documents.flatMap((property) =>
      statements(properties[property]).map((statement, index) => ({
        label: `${name}[${String(statement.Sid ?? index)}]`,
        actions: listed(statement.Action),
        effect: statement.Effect,
        without: (whole: JsonObject) => withoutStatement(whole, id, property, index),
      })),
    );
  });
}

function statements(document: Json | undefined): readonly JsonObject[] {
  if (!isObject(document)) return [];
  const { Statement = [] } = document;
  return (isList(Statement) ? Statement : [Statement]).filter(isObject);
}

function withoutStatement(template: JsonObject, id: string, property: string, index: number): JsonObject {
  const resources = objectAt(template, 'Resources');
  const resource = objectAt(resources, id);
  const properties = objectAt(resource, 'Properties');
  const document = objectAt(properties, property);
  const Statement = statements(document).filter((_, position) => position !== index);
  const changed = { ...properties, [property]: { ...document, Statement } };
  return { ...template, Resources: { ...resources, [id]: { ...resource, Properties: changed } } };
}

/** Whoever waits for it must wait no longer. */
function withoutResource(template: JsonObject, id: string): JsonObject {
  const resources = Object.entries(objectAt(template, 'Resources')).flatMap(([other, resource]) => {
    if (other === id) return [];
    if (!isObject(resource) || resource.DependsOn === undefined) return [[other, resource] as const];
    const DependsOn = listed(resource.DependsOn).filter((dependency) => dependency !== id);
    return [[other, { ...resource, DependsOn }] as const];
  });
  return { ...template, Resources: Object.fromEntries(resources) };
}

function listed(value: Json | undefined): readonly string[] {
  return value === undefined ? [] : (isList(value) ? value : [value]).map(String);
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = value[key];
  if (!isObject(found)) throw new Error(`no ${key}`);
  return found;
}
