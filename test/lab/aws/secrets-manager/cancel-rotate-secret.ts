import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { secretAccess, secretId } from './request-parts.ts';
import { isOpen, labelWasRemoved } from './rotation-run.ts';
import { findAlive } from './secret.ts';

/** Turns rotation off and stops the one that is under way. AWSPENDING stays where it is: that is for the caller to clean up. */
export const cancelRotateSecret = defineAction({
  name: 'secretsmanager:CancelRotateSecret',
  request: z.strictObject({ SecretId: secretId }),
  needs: ({ SecretId }, { world }) => [secretAccess(world, 'CancelRotateSecret', SecretId)],
  answer({ SecretId }, { world }) {
    const secret = findAlive(world, SecretId);
    if (secret.rotation === undefined) {
      throw new AwsError('InvalidRequestException', 'You tried to cancel rotation on a secret that has no rotation.');
    }
    if (isOpen(secret.run)) labelWasRemoved(secret.run);
    secret.rotation = { ...secret.rotation, enabled: false };
    return { ARN: secret.arn, Name: secret.name, ...(secret.run === undefined ? {} : { VersionId: secret.run.token }) };
  },
});
