import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { requireSecretKey } from '../kms/key.ts';
import { arn, randomName } from '../place.ts';
import { nameOf } from '../principal.ts';
import type { World } from '../world.ts';
import { secretAccess, secretBinary, secretString, tagRecord, tags, token } from './request-parts.ts';
import type { Secret, SecretValue } from './secret.ts';

export const createSecret = defineAction({
  name: 'secretsmanager:CreateSecret',
  carriesSecret: true,
  request: z.strictObject({
    Name: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/),
    ClientRequestToken: token.optional(),
    Description: z.string().max(2048).optional(),
    KmsKeyId: z.string().optional(),
    SecretString: secretString.optional(),
    SecretBinary: secretBinary.optional(),
    Tags: tags.optional(),
  }),
  needs: ({ Name, Tags }, { world }) => [
    secretAccess(world, 'CreateSecret', Name),
    ...(Tags === undefined ? [] : [secretAccess(world, 'TagResource', Name)]),
  ],
  answer(request, { world, caller }) {
    const secret = makeSecret(world, {
      name: request.Name,
      description: request.Description,
      kmsKeyId: request.KmsKeyId,
      tags: tagRecord(request.Tags),
    });
    requireSecretKey(world, caller, ['kms:GenerateDataKey', 'kms:Decrypt'], secret);
    const VersionId =
      request.SecretString === undefined && request.SecretBinary === undefined
        ? undefined
        : addFirstVersion(
            world,
            secret,
            { string: request.SecretString, binary: request.SecretBinary },
            { id: request.ClientRequestToken, writtenBy: nameOf(caller) },
          );
    world.secrets.set(secret.arn, secret);
    return { ARN: secret.arn, Name: secret.name, ...(VersionId === undefined ? {} : { VersionId }) };
  },
});

/** Not yet in the store: the caller puts it there once everything about it is right. */
export function makeSecret(
  world: World,
  { name, description, kmsKeyId, tags }: Pick<Secret, 'name' | 'description' | 'kmsKeyId' | 'tags'>,
): Secret {
  if ([...world.secrets.values()].some((secret) => secret.name === name)) {
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
  }
  const nowMs = world.clock.nowMs();
  return {
    arn: arn(world.place, 'secretsmanager', `secret:${name}-${randomName(6)}`),
    name,
    description,
    kmsKeyId,
    tags,
    createdMs: nowMs,
    changedMs: nowMs,
    policy: [],
    versions: new Map(),
    rotation: undefined,
    lastRotatedMs: undefined,
    nextRotationMs: undefined,
    run: undefined,
    deletedMs: undefined,
  };
}

export function addFirstVersion(
  world: World,
  secret: Secret,
  value: SecretValue,
  { id = randomUUID(), writtenBy }: { readonly id?: string | undefined; readonly writtenBy: string },
): string {
  const nowMs = world.clock.nowMs();
  secret.versions.set(id, {
    id,
    value,
    labels: new Set(['AWSCURRENT']),
    createdMs: nowMs,
    writtenBy,
    writtenMs: nowMs,
    hiddenReads: 0,
  });
  return id;
}
