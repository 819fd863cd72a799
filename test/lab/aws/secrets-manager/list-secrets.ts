import { z } from 'zod';
import { defineAction } from '../action.ts';
import { NotImitated } from '../aws-error.ts';
import { summary } from './describe-secret.ts';
import { labelsByVersion, type Secret } from './secret.ts';

export const listSecrets = defineAction({
  name: 'secretsmanager:ListSecrets',
  request: z.strictObject({
    MaxResults: z.int().min(1).max(100).optional(),
    NextToken: z.string().optional(),
    IncludePlannedDeletion: z.boolean().optional(),
    Filters: z.array(z.strictObject({ Key: z.string(), Values: z.array(z.string()).min(1) })).optional(),
  }),
  needs: () => [{ action: 'secretsmanager:ListSecrets', resource: '*' }],
  answer({ MaxResults = 100, NextToken = '0', IncludePlannedDeletion = false, Filters = [] }, { world }) {
    const wanted = [...world.secrets.values()].filter(
      (secret) =>
        (IncludePlannedDeletion || secret.deletedMs === undefined) &&
        Filters.every(({ Key, Values }) => Values.some((value) => passes(secret, Key, value))),
    );
    const start = Number(NextToken);
    const end = start + MaxResults;
    return {
      SecretList: wanted
        .slice(start, end)
        .map((secret) => ({ ...summary(secret), SecretVersionsToStages: labelsByVersion(secret) })),
      ...(end < wanted.length ? { NextToken: String(end) } : {}),
    };
  },
});

/** Filters match prefixes; a value that begins with `!` matches everything else. */
function passes(secret: Secret, key: string, value: string): boolean {
  if (value.startsWith('!')) return !passes(secret, key, value.slice(1));
  switch (key) {
    case 'name':
      return secret.name.startsWith(value);
    case 'tag-key':
      return Object.keys(secret.tags).some((tag) => tag.startsWith(value));
    case 'tag-value':
      return Object.values(secret.tags).some((tag) => tag.startsWith(value));
    default:
      throw new NotImitated(`secretsmanager:ListSecrets: filter ${key} is not imitated`);
  }
}
