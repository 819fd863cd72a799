import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { requireSecretKey } from '../kms/key.ts';
import { nameOf, type Principal } from '../principal.ts';
import type { World } from '../world.ts';
import { attach } from './labels.ts';
import { label, secretAccess, secretBinary, secretId, secretString, token } from './request-parts.ts';
import { abandon, isOpen } from './rotation-run.ts';
import { nextRotationMs } from './schedule.ts';
import { findAlive, type Secret, type SecretValue, type Version } from './secret.ts';

/** Secrets Manager keeps about 100 versions and prunes none that is younger than a day. */
const maxVersions = 100;
const pruneAfterMs = 24 * 3600 * 1000;

export const putSecretValue = defineAction({
  name: 'secretsmanager:PutSecretValue',
  carriesSecret: true,
  request: z.strictObject({
    SecretId: secretId,
    ClientRequestToken: token.optional(),
    SecretString: secretString.optional(),
    SecretBinary: secretBinary.optional(),
    /** Proves that the caller acts for the rotation under way, whoever it is. */
    RotationToken: z
      .string()
      .regex(/^[A-Za-z0-9-]{36,256}$/)
      .optional(),
    VersionStages: z.array(label).min(1).max(20).optional(),
  }),
  needs: ({ SecretId }, { world }) => [secretAccess(world, 'PutSecretValue', SecretId)],
  answer(request, { world, caller }) {
    const secret = findAlive(world, request.SecretId);
    const value: SecretValue = { string: request.SecretString, binary: request.SecretBinary };
    if ((value.string === undefined) === (value.binary === undefined)) {
      throw new AwsError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
    }
    requireSecretKey(world, caller, ['kms:GenerateDataKey', 'kms:Decrypt'], secret);
    const id = request.ClientRequestToken ?? randomUUID();
    const version = write(world, secret, id, value, writer(secret, caller, request.RotationToken));
    for (const stage of request.VersionStages ?? ['AWSCURRENT']) attach(secret, stage, version);
    return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...version.labels] };
  },
});

function writer(secret: Secret, caller: Principal, rotationToken: string | undefined): string {
  if (rotationToken !== undefined && isOpen(secret.run) && secret.run.rotationToken === rotationToken) {
    return secret.run.roleArn;
  }
  return caller.kind === 'role' ? caller.role.arn : nameOf(caller);
}

/** Same token and same value: nothing happens. Same token, another value: refused. */
function write(world: World, secret: Secret, id: string, value: SecretValue, writtenBy: string): Version {
  const nowMs = world.clock.nowMs();
  const existing = secret.versions.get(id);
  if (existing?.value !== undefined) {
    if (existing.value.string === value.string && existing.value.binary === value.binary) return existing;
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  if (isOpen(secret.run) && secret.run.token !== id) abandon(world, secret, secret.run);
  prune(secret, nowMs);
  const version: Version = existing ?? {
    id,
    value,
    labels: new Set(),
    createdMs: nowMs,
    writtenBy: undefined,
    writtenMs: nowMs,
    hiddenReads: 0,
  };
  version.value = value;
  version.writtenBy = writtenBy;
  version.writtenMs = nowMs;
  version.hiddenReads = world.habits.versionHiddenReads;
  secret.versions.set(id, version);
  secret.changedMs = nowMs;
  if (!isOpen(secret.run) && secret.rotation !== undefined) {
    // A value written by hand counts as a rotation for the schedule.
    secret.nextRotationMs = nextRotationMs(secret.rotation.rules, nowMs);
  }
  return version;
}

function prune(secret: Secret, nowMs: number): void {
  if (secret.versions.size < maxVersions) return;
  const prunable = [...secret.versions.values()].find(
    ({ labels, createdMs }) => labels.size === 0 && nowMs - createdMs > pruneAfterMs,
  );
  if (prunable === undefined) {
    throw new AwsError(
      'LimitExceededException',
      `Secret ${secret.arn} has ${secret.versions.size} versions, none older than 24 hours.`,
    );
  }
  secret.versions.delete(prunable.id);
}
