import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../../aws-error.ts';
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
    KeySpec: z.enum(['SYMMETRIC_DEFAULT', 'ECC_NIST_P256']).default('SYMMETRIC_DEFAULT'),
    KeyUsage: z.enum(['ENCRYPT_DECRYPT', 'SIGN_VERIFY']).default('ENCRYPT_DECRYPT'),
    EnableKeyRotation: z.boolean().optional(),
    RotationPeriodInDays: count.optional(),
    PendingWindowInDays: count.optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world }) => {
    const { KeySpec, KeyUsage, EnableKeyRotation } = properties;
    const signs = KeyUsage === 'SIGN_VERIFY';
    if (signs !== (KeySpec === 'ECC_NIST_P256'))
      throw new AwsError('ValidationException', `KeyUsage ${KeyUsage} is not compatible with KeySpec ${KeySpec}`);
    if (signs && EnableKeyRotation === true)
      throw new AwsError('ValidationException', 'You cannot set EnableKeyRotation to true on asymmetric keys.');
    const id = randomUUID();
    const keyArn = arn(world.place, 'kms', `key/${id}`);
    const policy = parsePolicy(properties.KeyPolicy, logicalId, 'resource');
    const pair = signs ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : undefined;
    world.keys.set(keyArn, { arn: keyArn, id, logicalId, policy, pair, enabled: true });
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
