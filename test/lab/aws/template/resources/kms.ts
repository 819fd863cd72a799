import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parsePolicy } from '../../iam/statement.ts';
import { findKey } from '../../kms/key.ts';
import { arn } from '../../place.ts';
import { count, policyDocument, resourceType, tagList } from '../resource-type.ts';

export const kmsKey = resourceType(
  'AWS::KMS::Key',
  z.strictObject({
    KeyPolicy: policyDocument,
    Description: z.string().optional(),
    Enabled: z.literal(true).optional(),
    EnableKeyRotation: z.boolean().optional(),
    RotationPeriodInDays: count.optional(),
    PendingWindowInDays: count.optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world }) => {
    const id = randomUUID();
    const keyArn = arn(world.place, 'kms', `key/${id}`);
    const policy = parsePolicy(properties.KeyPolicy, logicalId, 'resource');
    world.keys.set(keyArn, { arn: keyArn, id, logicalId, policy, enabled: true });
    return { ref: id, attributes: { Arn: keyArn, KeyId: id } };
  },
);

export const kmsAlias = resourceType(
  'AWS::KMS::Alias',
  z.strictObject({ AliasName: z.string().startsWith('alias/'), TargetKeyId: z.string() }),
  ({ properties, world }) => {
    world.keyAliases.set(properties.AliasName, findKey(world, properties.TargetKeyId).arn);
    return { ref: properties.AliasName };
  },
);
