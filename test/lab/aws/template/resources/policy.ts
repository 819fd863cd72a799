import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { arn, generatedName } from '../../place.ts';
import type { World } from '../../world.ts';
import { policyDocument, resourceType } from '../resource-type.ts';

export const policy = resourceType(
  'AWS::IAM::Policy',
  z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument, Roles: z.array(z.string()).min(1) }),
  ({ properties, logicalId, world }) => {
    const statements = parsePolicy(properties.PolicyDocument, logicalId, 'identity');
    for (const name of properties.Roles) roleNamed(world, name).statements.push(...statements);
    return { ref: properties.PolicyName };
  },
);

export const managedPolicy = resourceType(
  'AWS::IAM::ManagedPolicy',
  z.strictObject({
    ManagedPolicyName: z.string().optional(),
    Description: z.string().optional(),
    Path: z.literal('/').optional(),
    PolicyDocument: policyDocument,
    Roles: z.array(z.string()).optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.ManagedPolicyName ?? generatedName(stack.name, logicalId, 128);
    const policyArn = arn(world.place, 'iam', `policy/${name}`);
    const statements = parsePolicy(properties.PolicyDocument, logicalId, 'identity');
    world.managedPolicies.set(policyArn, { arn: policyArn, statements });
    for (const role of properties.Roles ?? []) roleNamed(world, role).statements.push(...statements);
    return { ref: policyArn, attributes: { PolicyArn: policyArn } };
  },
);

function roleNamed(world: World, name: string) {
  const role = [...world.roles.values()].find((candidate) => candidate.name === name);
  if (role === undefined) throw new NotImitated(`role ${name} is not in the template`);
  return role;
}
