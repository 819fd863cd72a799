import { z } from 'zod';
import { parsePolicy } from '../../iam/statement.ts';
import { generatedName } from '../../place.ts';
import { addFirstVersion, makeSecret } from '../../secrets-manager/create-secret.ts';
import { generatedString } from '../../secrets-manager/generated-string.ts';
import { secretString, tagRecord } from '../../secrets-manager/request-parts.ts';
import { findAlive } from '../../secrets-manager/secret.ts';
import { policyDocument, resourceType, tagList } from '../resource-type.ts';

export const secret = resourceType(
  'AWS::SecretsManager::Secret',
  z.strictObject({
    Name: z.string().optional(),
    Description: z.string().optional(),
    KmsKeyId: z.string().optional(),
    SecretString: secretString.optional(),
    GenerateSecretString: z
      .strictObject({
        PasswordLength: z.number().optional(),
        ExcludeCharacters: z.string().optional(),
        ExcludeLowercase: z.boolean().optional(),
        ExcludeNumbers: z.boolean().optional(),
        ExcludePunctuation: z.boolean().optional(),
        ExcludeUppercase: z.boolean().optional(),
        IncludeSpace: z.boolean().optional(),
        RequireEachIncludedType: z.boolean().optional(),
        GenerateStringKey: z.string().optional(),
        SecretStringTemplate: z.string().optional(),
      })
      .optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const made = makeSecret(world, {
      name: properties.Name ?? generatedName(stack.name, logicalId, 512),
      description: properties.Description,
      kmsKeyId: properties.KmsKeyId,
      tags: tagRecord(properties.Tags),
    });
    const value =
      properties.GenerateSecretString === undefined
        ? properties.SecretString
        : generatedString(properties.GenerateSecretString);
    if (value !== undefined) addFirstVersion(world, made, { string: value }, { writtenBy: 'cloudformation' });
    world.secrets.set(made.arn, made);
    return { ref: made.arn, attributes: { Id: made.arn } };
  },
);

export const secretPolicy = resourceType(
  'AWS::SecretsManager::ResourcePolicy',
  z.strictObject({
    SecretId: z.string(),
    ResourcePolicy: policyDocument,
    BlockPublicPolicy: z.boolean().optional(),
  }),
  ({ properties, logicalId, world }) => {
    const owner = findAlive(world, properties.SecretId);
    owner.policy = parsePolicy(properties.ResourcePolicy, logicalId, 'resource');
    return { ref: owner.arn, attributes: { Id: owner.arn } };
  },
);
