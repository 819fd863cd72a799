import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { bucketAccess, encryptionOf, etagOf, findBucket, newest, requireBucketKey } from './bucket.ts';

export const getObject = defineAction({
  name: 's3:GetObject',
  request: z.strictObject({ Bucket: z.string(), Key: z.string(), ChecksumMode: z.literal('ENABLED').optional() }),
  needs: ({ Bucket, Key }, { world }) => [bucketAccess(world, 's3:GetObject', { Bucket, Key }, {})],
  answer({ Bucket: name, Key, ChecksumMode }, { world, caller }) {
    const bucket = findBucket(world, name);
    const version = newest(bucket, Key);
    if (version === undefined) {
      // Who may not list is not told what is missing.
      world.permissions.require(caller, bucketAccess(world, 's3:ListBucket', { Bucket: name }, { 's3:prefix': Key }));
      throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    }
    requireBucketKey(world, caller, 'kms:Decrypt', bucket);
    const { lock } = version;
    return {
      Body: version.body,
      ContentType: version.contentType,
      ContentLength: Buffer.byteLength(version.body),
      ETag: etagOf(version),
      VersionId: version.id,
      LastModified: Math.floor(version.writtenMs / 1000),
      ...(ChecksumMode === undefined ? {} : { ChecksumSHA256: version.checksumSha256 }),
      ...(lock === undefined
        ? {}
        : { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: Math.floor(lock.untilMs / 1000) }),
      ...encryptionOf(bucket),
    };
  },
});
