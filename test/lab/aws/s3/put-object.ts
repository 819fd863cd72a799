import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import { type Bucket, bucketAccess, encryptionOf, etagOf, findBucket, newest, requireBucketKey } from './bucket.ts';

const dayMs = 86_400_000;

export const putObject = defineAction({
  name: 's3:PutObject',
  request: z.strictObject({
    Bucket: z.string(),
    Key: z.string(),
    Body: z.string(),
    ContentType: z.string().optional(),
    CacheControl: z.string().optional(),
    ContentLength: z.number().optional(),
    ChecksumSHA256: z.string().optional(),
    IfNoneMatch: z.literal('*').optional(),
  }),
  needs: ({ Bucket, Key, IfNoneMatch }, { world }) => [
    bucketAccess(world, 's3:PutObject', { Bucket, Key }, { 's3:if-none-match': IfNoneMatch }),
  ],
  answer({ Bucket: name, Key, Body, ContentType = 'binary/octet-stream', ChecksumSHA256, IfNoneMatch }, call) {
    const { world, caller } = call;
    const bucket = findBucket(world, name);
    requireBucketKey(world, caller, 'kms:GenerateDataKey', bucket);
    const checksumSha256 = createHash('sha256').update(Body).digest('base64');
    refuseWithoutChecksum(bucket, ChecksumSHA256, checksumSha256);
    if (IfNoneMatch !== undefined && newest(bucket, Key) !== undefined)
      throw new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
    const nowMs = world.clock.nowMs();
    const { defaultLock } = bucket;
    const version = {
      id: randomUUID().replaceAll('-', ''),
      body: Body,
      writtenMs: nowMs,
      contentType: ContentType,
      checksumSha256,
      lock:
        defaultLock === undefined ? undefined : { mode: defaultLock.mode, untilMs: nowMs + defaultLock.days * dayMs },
    };
    bucket.objects.set(Key, [...(bucket.objects.get(Key) ?? []), version]);
    return {
      ETag: etagOf(version),
      VersionId: version.id,
      ...(ChecksumSHA256 === undefined ? {} : { ChecksumSHA256 }),
      ...encryptionOf(bucket),
    };
  },
});

function refuseWithoutChecksum({ defaultLock }: Bucket, given: string | undefined, actual: string): void {
  if (given === undefined && defaultLock !== undefined)
    throw new AwsError(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  if (given !== undefined && given !== actual)
    throw new AwsError('BadDigest', 'The sha256 you specified did not match the calculated checksum.');
}
