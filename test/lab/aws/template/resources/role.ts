import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { awsManagedPolicy } from '../../iam/role.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { isList, isObject, type Json } from '../../json.ts';
import { arn, generatedName, randomName } from '../../place.ts';
import { count, policyDocument, resourceType, tagList } from '../resource-type.ts';

export const role = resourceType(
  'AWS::IAM::Role',
  z.strictObject({
    RoleName: z.string().optional(),
    Description: z.string().optional(),
    AssumeRolePolicyDocument: policyDocument,
    ManagedPolicyArns: z.array(z.string()).optional(),
    Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument })).optional(),
    MaxSessionDuration: count.optional(),
    Path: z.literal('/').optional(),
    PermissionsBoundary: z.never().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.RoleName ?? generatedName(stack.name, logicalId);
    const roleArn = arn(world.place, 'iam', `role/${name}`);
    const managed = (properties.ManagedPolicyArns ?? []).flatMap((policyArn) => {
      if (policyArn.includes(':iam::aws:policy/')) return awsManagedPolicy(policyArn);
      const own = world.managedPolicies.get(policyArn);
      if (own === undefined) throw new NotImitated(`${logicalId}: managed policy ${policyArn}`);
      return own.statements;
    });
    const inline = (properties.Policies ?? []).flatMap(({ PolicyName, PolicyDocument }) =>
      parsePolicy(PolicyDocument, `${logicalId}/${PolicyName}`, 'identity'),
    );
    const trust = parsePolicy(
      aboutItself(properties.AssumeRolePolicyDocument, roleArn),
      `${logicalId}/trust`,
      'resource',
    );
    world.roles.set(roleArn, { name, arn: roleArn, logicalId, statements: [...managed, ...inline], trust });
    return { ref: name, attributes: { Arn: roleArn, RoleId: `AROA${randomName(17).toUpperCase()}` } };
  },
);

/** Trust policies name no resource: it is the role. */
function aboutItself(document: Json, roleArn: string): Json {
  if (!isObject(document)) return document;
  const { Statement = [] } = document;
  const statements = isList(Statement) ? Statement : [Statement];
  return {
    ...document,
    Statement: statements.map((statement) => (isObject(statement) ? { ...statement, Resource: roleArn } : statement)),
  };
}
