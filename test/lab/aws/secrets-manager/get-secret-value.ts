import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { requireSecretKey } from '../kms/key.ts';
import type { World } from '../world.ts';
import { label, secretAccess, secretId, token } from './request-parts.ts';
import { findAlive, labelled, type Secret, seconds, type Version } from './secret.ts';

export const getSecretValue = defineAction({
  name: 'secretsmanager:GetSecretValue',
  carriesSecret: true,
  request: z.strictObject({ SecretId: secretId, VersionId: token.optional(), VersionStage: label.optional() }),
  needs: ({ SecretId, VersionId, VersionStage }, { world }) => [
    secretAccess(world, 'GetSecretValue', SecretId, {
      'secretsmanager:VersionId': VersionId,
      'secretsmanager:VersionStage': VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined),
    }),
  ],
  answer({ SecretId, VersionId, VersionStage }, { world, caller }) {
    const secret = findAlive(world, SecretId);
    const version = VersionId === undefined ? byLabel(secret, VersionStage) : byId(world, secret, VersionId);
    if (VersionId !== undefined && VersionStage !== undefined && !version.labels.has(VersionStage)) {
      throw new AwsError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    if (version.value === undefined) {
      throw notFound(VersionStage === undefined ? `VersionId: ${version.id}` : `staging label: ${VersionStage}`);
    }
    requireSecretKey(world, caller, ['kms:Decrypt'], secret);
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      // Without labels there is no list: the model allows no empty one.
      ...(version.labels.size === 0 ? {} : { VersionStages: [...version.labels] }),
      CreatedDate: seconds(version.createdMs),
      ...(version.value.string === undefined ? {} : { SecretString: version.value.string }),
      ...(version.value.binary === undefined ? {} : { SecretBinary: version.value.binary }),
    };
  },
});

function byLabel(secret: Secret, stage = 'AWSCURRENT'): Version {
  const version = labelled(secret, stage);
  if (version === undefined) throw notFound(`staging label: ${stage}`);
  return version;
}

/** Eventually consistent: what was written a moment ago may not be found yet. */
function byId(world: World, secret: Secret, id: string): Version {
  const version = secret.versions.get(id);
  if (version === undefined) throw notFound(`VersionId: ${id}`);
  if (version.hiddenReads > 0 && world.clock.nowMs() - version.writtenMs < world.habits.staleVersionMs) {
    version.hiddenReads -= 1;
    throw notFound(`VersionId: ${id}`);
  }
  return version;
}

function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${what}`);
}
