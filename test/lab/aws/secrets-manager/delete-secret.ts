import { z } from 'zod';
import { defineAction } from '../action.ts';
import { secretAccess, secretId } from './request-parts.ts';
import { findAlive, seconds } from './secret.ts';

/** Default and longest wait before a secret is really gone. */
const recoveryDays = 30;

export const deleteSecret = defineAction({
  name: 'secretsmanager:DeleteSecret',
  request: z.strictObject({
    SecretId: secretId,
    RecoveryWindowInDays: z.int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().optional(),
  }),
  needs: ({ SecretId }, { world }) => [secretAccess(world, 'DeleteSecret', SecretId)],
  answer({ SecretId, RecoveryWindowInDays = recoveryDays, ForceDeleteWithoutRecovery = false }, { world }) {
    const secret = findAlive(world, SecretId);
    const waitMs = ForceDeleteWithoutRecovery ? 0 : RecoveryWindowInDays * 24 * 3600 * 1000;
    secret.deletedMs = world.clock.nowMs();
    if (ForceDeleteWithoutRecovery) world.secrets.delete(secret.arn);
    return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(secret.deletedMs + waitMs) };
  },
});
