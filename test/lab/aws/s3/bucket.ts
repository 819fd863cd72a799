/** Buckets and their objects: what is written stays, version by version, for as long as it is locked. */
import { AwsError } from '../aws-error.ts';
import type { Context } from '../iam/context.ts';
import type { Access } from '../iam/permissions.ts';
import type { Statement } from '../iam/statement.ts';
import { findKey, type KeyUse } from '../kms/key.ts';
import type { Principal } from '../principal.ts';
import type { World } from '../world.ts';

export interface ObjectVersion {
  readonly id: string;
  readonly body: string;
  readonly writtenMs: number;
  readonly contentType: string;
  /** Base64. */
  readonly checksumSha256: string;
  /** Undefined: it may be deleted. */
  readonly lock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly untilMs: number } | undefined;
}

export interface Bucket {
  readonly arn: string;
  readonly name: string;
  readonly logicalId: string;
  readonly kmsKeyId: string | undefined;
  readonly defaultLock: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | undefined;
  policy: readonly Statement[];
  /** By key; the newest version last. */
  readonly objects: Map<string, ObjectVersion[]>;
}

export function findBucket(world: World, name: string): Bucket {
  const found = world.buckets.get(name);
  if (found === undefined) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
  return found;
}

/** A call on an object, or on the bucket itself where no key is named. */
export function bucketAccess(
  world: World,
  action: string,
  { Bucket: name, Key }: { readonly Bucket: string; readonly Key?: string | undefined },
  context: Context,
): Access {
  const bucket = findBucket(world, name);
  const resource = Key === undefined ? bucket.arn : `${bucket.arn}/${Key}`;
  return { action, resource, resourcePolicy: bucket.policy, context };
}

/** Under a customer key the caller needs the key itself, through S3. With a bucket key its context is the bucket, not the object. */
export function requireBucketKey(world: World, principal: Principal, use: KeyUse, bucket: Bucket): void {
  if (bucket.kmsKeyId === undefined) return;
  const key = findKey(world, bucket.kmsKeyId);
  world.permissions.require(principal, {
    action: use,
    resource: key.arn,
    resourcePolicy: key.policy,
    context: {
      'kms:ViaService': `s3.${world.place.region}.amazonaws.com`,
      'kms:CallerAccount': world.place.accountId,
      'kms:EncryptionContext:aws:s3:arn': bucket.arn,
      'aws:ViaAWSService': 'true',
    },
  });
}

export function newest(bucket: Bucket, key: string): ObjectVersion | undefined {
  return bucket.objects.get(key)?.at(-1);
}

/** S3's of an object that was written in one piece and not under KMS is the MD5 of its content; ours is only as unique. */
export function etagOf({ checksumSha256 }: ObjectVersion): string {
  return `"${Buffer.from(checksumSha256, 'base64').toString('hex').slice(0, 32)}"`;
}

export function encryptionOf({ kmsKeyId }: Bucket): Record<string, string> {
  return kmsKeyId === undefined ? { ServerSideEncryption: 'AES256' } : { ServerSideEncryption: 'aws:kms' };
}
