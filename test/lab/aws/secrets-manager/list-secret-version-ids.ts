import { z } from 'zod';
import { defineAction } from '../action.ts';
import { secretAccess, secretId } from './request-parts.ts';
import { find, seconds } from './secret.ts';

export const listSecretVersionIds = defineAction({
  name: 'secretsmanager:ListSecretVersionIds',
  request: z.strictObject({
    SecretId: secretId,
    IncludeDeprecated: z.boolean().optional(),
    MaxResults: z.int().min(1).max(100).optional(),
  }),
  needs: ({ SecretId }, { world }) => [secretAccess(world, 'ListSecretVersionIds', SecretId)],
  answer({ SecretId, IncludeDeprecated = false }, { world }) {
    const secret = find(world, SecretId);
    return {
      ARN: secret.arn,
      Name: secret.name,
      Versions: [...secret.versions.values()]
        .filter(({ labels }) => IncludeDeprecated || labels.size > 0)
        .map(({ id, labels, createdMs }) => ({
          VersionId: id,
          ...(labels.size === 0 ? {} : { VersionStages: [...labels] }),
          CreatedDate: seconds(createdMs),
        })),
    };
  },
});
