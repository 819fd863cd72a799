import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { attach, detach } from './labels.ts';
import { label, secretAccess, secretId, token } from './request-parts.ts';
import { abandon, isOpen, labelWasRemoved } from './rotation-run.ts';
import { findAlive, labelled, type Secret } from './secret.ts';

export const updateSecretVersionStage = defineAction({
  name: 'secretsmanager:UpdateSecretVersionStage',
  request: z.strictObject({
    SecretId: secretId,
    VersionStage: label,
    MoveToVersionId: token.optional(),
    RemoveFromVersionId: token.optional(),
  }),
  needs: ({ SecretId, VersionStage }, { world }) => [
    secretAccess(world, 'UpdateSecretVersionStage', SecretId, { 'secretsmanager:VersionStage': VersionStage }),
  ],
  answer({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }, { world }) {
    const secret = findAlive(world, SecretId);
    assertHolder(secret, VersionStage, MoveToVersionId, RemoveFromVersionId);
    if (MoveToVersionId !== undefined) {
      const version = secret.versions.get(MoveToVersionId);
      if (version === undefined) {
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.");
      }
      if (version.value === undefined && VersionStage === 'AWSCURRENT') {
        throw new AwsError(
          'InvalidRequestException',
          `Version ${MoveToVersionId} has no value and cannot become AWSCURRENT.`,
        );
      }
      attach(secret, VersionStage, version);
      if (VersionStage === 'AWSPENDING' && isOpen(secret.run) && secret.run.token !== MoveToVersionId) {
        abandon(world, secret, secret.run);
      }
    } else {
      if (VersionStage === 'AWSCURRENT') {
        throw new AwsError(
          'InvalidParameterException',
          "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
        );
      }
      detach(secret, VersionStage);
      if (VersionStage === 'AWSPENDING' && isOpen(secret.run)) labelWasRemoved(secret.run);
    }
    secret.changedMs = world.clock.nowMs();
    return { ARN: secret.arn, Name: secret.name };
  },
});

/** The compare half of compare-and-swap: who takes a label away must say where it is. */
function assertHolder(secret: Secret, stage: string, moveTo: string | undefined, removeFrom: string | undefined): void {
  const holder = labelled(secret, stage);
  if (moveTo === undefined && removeFrom === undefined) {
    throw new AwsError('InvalidParameterException', 'You must provide MoveToVersionId, RemoveFromVersionId or both.');
  }
  if (holder === undefined) {
    if (removeFrom !== undefined) {
      throw new AwsError(
        'InvalidParameterException',
        `Staging label ${stage} is not attached to version ${removeFrom}.`,
      );
    }
    return;
  }
  if (removeFrom === holder.id || moveTo === holder.id) return;
  throw new AwsError(
    'InvalidParameterException',
    removeFrom === undefined
      ? `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`
      : `Staging label ${stage} is currently attached to version ${holder.id}, not to ${removeFrom}, so you must explicitly reference that version in RemoveFromVersionId.`,
  );
}
