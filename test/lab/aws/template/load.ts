/** Makes everything a template describes, each thing after those it names. */
import { z } from 'zod';
import { NotImitated } from '../aws-error.ts';
import { isObject, type Json } from '../json.ts';
import type { World } from '../world.ts';
import { holds, noValue, resolve, type Scope } from './intrinsics.ts';
import type { SynthesizedStack } from './read-cdk-out.ts';
import type { Created } from './resource-type.ts';
import { resourceTypes } from './resource-types.ts';

const templateShape = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.json().optional(),
  // Only CDK's check of its bootstrap version.
  Rules: z.json().optional(),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.json().optional() })).optional(),
  Conditions: z.record(z.string(), z.json()).optional(),
  Outputs: z.record(z.string(), z.object({ Value: z.json() })).optional(),
  Resources: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      Properties: z.record(z.string(), z.json()).optional(),
      DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
      Condition: z.string().optional(),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      Metadata: z.json().optional(),
    }),
  ),
});

export interface LoadedStack {
  readonly resources: ReadonlyMap<string, Created & { readonly type: string }>;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Rotation schedules come first: CloudFormation gives no order to things that do not name each other, and the one that hurts
 * is a schedule made before the permission it needs.
 */
const eager = ['AWS::SecretsManager::RotationSchedule'];

export function loadTemplate(
  world: World,
  stack: SynthesizedStack,
  parameters: Readonly<Record<string, string>>,
): LoadedStack {
  const template = templateShape.parse(stack.template);
  const made = new Map<string, Created & { readonly type: string }>();
  const underWay = new Set<string>();
  const later: (() => void)[] = [];

  const make = (logicalId: string): Created => {
    const done = made.get(logicalId);
    if (done !== undefined) return done;
    const resource = template.Resources[logicalId];
    if (resource === undefined) throw new NotImitated(`${logicalId} is named and is not in the template`);
    const type = resourceTypes.get(resource.Type);
    if (type === undefined) throw new NotImitated(`resource type ${resource.Type} (${logicalId}) is not imitated`);
    if (underWay.has(logicalId)) throw new Error(`circular dependency at ${logicalId}`);
    underWay.add(logicalId);
    for (const other of [resource.DependsOn ?? []].flat()) if (wanted(other)) make(other);
    const created = {
      ...type.make({
        properties: resolve(resource.Properties ?? {}, scope),
        logicalId,
        world,
        stack,
        afterwards: (work) => later.push(work),
      }),
      type: resource.Type,
    };
    made.set(logicalId, created);
    return created;
  };
  const wanted = (logicalId: string): boolean => {
    const condition = template.Resources[logicalId]?.Condition;
    return condition === undefined || scope.condition(condition);
  };
  const scope: Scope = {
    ref: (name) =>
      pseudo(world, stack, name) ?? parameter(template.Parameters?.[name], parameters[name]) ?? make(name).ref,
    attribute(logicalId, name) {
      const value = make(logicalId).attributes?.[name];
      if (value === undefined) throw new NotImitated(`attribute ${name} of ${logicalId}`);
      return value;
    },
    condition(name) {
      const condition = template.Conditions?.[name];
      if (condition === undefined) throw new NotImitated(`condition ${name} is not in the template`);
      return holds(condition, scope);
    },
  };

  const ids = Object.keys(template.Resources).filter(wanted);
  const first = ids.filter((id) => eager.includes(template.Resources[id]?.Type ?? ''));
  for (const id of [...first, ...ids]) make(id);
  for (const work of later) work();
  const outputs = Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [
    name,
    String(resolve(Value, scope)),
  ]);
  return { resources: made, outputs: Object.fromEntries(outputs) };
}

function parameter(
  declared: { readonly Default?: Json | undefined } | undefined,
  given: string | undefined,
): Json | undefined {
  return declared === undefined ? undefined : (given ?? declared.Default);
}

function pseudo(world: World, stack: SynthesizedStack, name: string): Json | undefined {
  const { partition, region, accountId } = world.place;
  switch (name) {
    case 'AWS::Partition':
      return partition;
    case 'AWS::Region':
      return region;
    case 'AWS::AccountId':
      return accountId;
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack.name;
    case 'AWS::StackId':
      return `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stack.name}/00000000-0000-4000-8000-000000000000`;
    case 'AWS::NoValue':
      return noValue;
    default:
      return undefined;
  }
}

/** For tests that edit a template before it is deployed: its statements, one by one. */
export function resourcesOfType(stack: SynthesizedStack, type: string): readonly string[] {
  const { Resources } = stack.template;
  if (!isObject(Resources)) return [];
  return Object.entries(Resources).flatMap(([id, resource]) =>
    isObject(resource) && resource.Type === type ? [id] : [],
  );
}
