import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { keyAccess, usableKey } from './key.ts';
import { signDigest } from './sign-digest.ts';

const digestBytes = 32;

export const sign = defineAction({
  name: 'kms:Sign',
  request: z.strictObject({
    KeyId: z.string(),
    Message: z.base64(),
    MessageType: z.enum(['RAW', 'DIGEST']).default('RAW'),
    SigningAlgorithm: z.string(),
  }),
  needs: ({ KeyId, MessageType, SigningAlgorithm }, { world }) => [
    keyAccess(world, 'kms:Sign', KeyId, { 'kms:MessageType': MessageType, 'kms:SigningAlgorithm': SigningAlgorithm }),
  ],
  answer({ KeyId, Message, MessageType, SigningAlgorithm }, { world }) {
    const { arn, pair } = usableKey(world, KeyId);
    if (pair === undefined)
      throw new AwsError(
        'InvalidKeyUsageException',
        `${arn} key usage is ENCRYPT_DECRYPT which is not valid for Sign.`,
      );
    if (SigningAlgorithm !== 'ECDSA_SHA_256')
      throw new AwsError(
        'InvalidKeyUsageException',
        `Algorithm ${SigningAlgorithm} is incompatible with key spec ECC_NIST_P256.`,
      );
    const message = Buffer.from(Message, 'base64');
    if (MessageType === 'DIGEST' && message.length !== digestBytes)
      throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${SigningAlgorithm}.`);
    const digest = MessageType === 'DIGEST' ? message : createHash('sha256').update(message).digest();
    return { KeyId: arn, Signature: signDigest(digest, pair.privateKey).toString('base64'), SigningAlgorithm };
  },
});
