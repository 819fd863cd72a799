import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { keyAccess, usableKey } from './key.ts';

export const getPublicKey = defineAction({
  name: 'kms:GetPublicKey',
  request: z.strictObject({ KeyId: z.string() }),
  needs: ({ KeyId }, { world }) => [keyAccess(world, 'kms:GetPublicKey', KeyId)],
  answer({ KeyId }, { world }) {
    const { arn, pair } = usableKey(world, KeyId);
    if (pair === undefined)
      throw new AwsError(
        'UnsupportedOperationException',
        `${arn} key spec is SYMMETRIC_DEFAULT which is not valid for GetPublicKey.`,
      );
    return {
      KeyId: arn,
      PublicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      KeySpec: 'ECC_NIST_P256',
      CustomerMasterKeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      SigningAlgorithms: ['ECDSA_SHA_256'],
    };
  },
});
