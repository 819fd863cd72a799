import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { generatedName } from '../../place.ts';
import { count, policyDocument, resourceType, tagList } from '../resource-type.ts';

const bucketNameMax = 63;

const encryptionShape = z.strictObject({
  ServerSideEncryptionConfiguration: z.tuple([
    z.strictObject({
      BucketKeyEnabled: z.boolean().optional(),
      ServerSideEncryptionByDefault: z.strictObject({
        SSEAlgorithm: z.enum(['AES256', 'aws:kms']),
        KMSMasterKeyID: z.string().optional(),
      }),
    }),
  ]),
});

const lockShape = z.strictObject({
  ObjectLockEnabled: z.literal('Enabled'),
  Rule: z
    .strictObject({ DefaultRetention: z.strictObject({ Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), Days: count }) })
    .optional(),
});

export const bucket = resourceType(
  'AWS::S3::Bucket',
  z.strictObject({
    BucketName: z.string().optional(),
    BucketEncryption: encryptionShape.optional(),
    ObjectLockEnabled: z.boolean().optional(),
    ObjectLockConfiguration: lockShape.optional(),
    // Without versions there is no lock.
    VersioningConfiguration: z.strictObject({ Status: z.literal('Enabled') }),
    // Nobody comes from outside here, and nobody has an ACL.
    PublicAccessBlockConfiguration: z.json().optional(),
    OwnershipControls: z.json().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.BucketName ?? generatedName(stack.name, logicalId, bucketNameMax).toLowerCase();
    const bucketArn = `arn:${world.place.partition}:s3:::${name}`;
    const [encryption] = properties.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const { Rule } = properties.ObjectLockConfiguration ?? {};
    world.buckets.set(name, {
      arn: bucketArn,
      name,
      logicalId,
      kmsKeyId: encryption?.ServerSideEncryptionByDefault.KMSMasterKeyID,
      defaultLock:
        Rule === undefined ? undefined : { mode: Rule.DefaultRetention.Mode, days: Rule.DefaultRetention.Days },
      policy: [],
      objects: new Map(),
    });
    return { ref: name, attributes: { Arn: bucketArn } };
  },
);

export const bucketPolicy = resourceType(
  'AWS::S3::BucketPolicy',
  z.strictObject({ Bucket: z.string(), PolicyDocument: policyDocument }),
  ({ properties, logicalId, world }) => {
    const owner = world.buckets.get(properties.Bucket);
    if (owner === undefined) throw new NotImitated(`${logicalId}: bucket ${properties.Bucket} is not in the template`);
    owner.policy = parsePolicy(properties.PolicyDocument, logicalId, 'resource');
    return { ref: properties.Bucket };
  },
);
