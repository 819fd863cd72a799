import { z } from 'zod';
import { defineAction } from '../action.ts';
import { secretAccess, secretId } from './request-parts.ts';
import { find, labelsByVersion, type Secret, seconds } from './secret.ts';

export const describeSecret = defineAction({
  name: 'secretsmanager:DescribeSecret',
  request: z.strictObject({ SecretId: secretId }),
  needs: ({ SecretId }, { world }) => [secretAccess(world, 'DescribeSecret', SecretId)],
  answer({ SecretId }, { world }) {
    const secret = find(world, SecretId);
    return { ...summary(secret), VersionIdsToStages: labelsByVersion(secret) };
  },
});

/** What DescribeSecret and ListSecrets have in common. */
export function summary(secret: Secret) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: seconds(secret.createdMs),
    LastChangedDate: seconds(secret.changedMs),
    Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
    ...(secret.description === undefined ? {} : { Description: secret.description }),
    ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
    ...(secret.deletedMs === undefined ? {} : { DeletedDate: seconds(secret.deletedMs) }),
    ...(secret.lastRotatedMs === undefined ? {} : { LastRotatedDate: seconds(secret.lastRotatedMs) }),
    ...(secret.rotation === undefined
      ? {}
      : {
          RotationEnabled: secret.rotation.enabled,
          RotationLambdaARN: secret.rotation.functionArn,
          RotationRules: { ...secret.rotation.rules },
          ...(secret.nextRotationMs === undefined ? {} : { NextRotationDate: seconds(secret.nextRotationMs) }),
        }),
  };
}
