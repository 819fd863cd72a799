import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { aFullInventory, synthesize } from './synthesis.ts';

const template = synthesize();
const full = synthesize(aFullInventory);
const [policy] = Object.values(template.findResources('AWS::S3::BucketPolicy')).map(({ Properties }) => Properties);
const denied = policy?.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Deny');

test('what is written is locked: for 13 months where nothing else is said, and then with a way out for who has the right', () => {
  template.hasResource('AWS::S3::Bucket', {
    Properties: {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 396 } },
      },
      VersioningConfiguration: { Status: 'Enabled' },
    },
  });
  full.hasResourceProperties('AWS::S3::Bucket', {
    ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1_096 } } },
  });
});

test('it outlives the stack, and so does the HMAC key', () => {
  template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  template.hasResource('AWS::SecretsManager::Secret', {
    Properties: { Description: Match.stringLikeRegexp('^HMAC key') },
    DeletionPolicy: 'Retain',
  });
});

test('nobody reaches it from outside or without TLS', () => {
  template.hasResourceProperties('AWS::S3::Bucket', {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
  expect(denied).toContainEqual(
    expect.objectContaining({ Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
  );
});

test('no record can be written over, whoever writes', () => {
  expect(denied).toContainEqual(
    expect.objectContaining({
      Sid: 'RecordsAreWrittenOnce',
      Action: 's3:PutObject',
      Principal: { AWS: '*' },
      Condition: { Null: { 's3:if-none-match': 'true' } },
    }),
  );
});

test('records are encrypted with the key of the stack on request', () => {
  const algorithm = (SSEAlgorithm: string) => ({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm }) }],
    },
  });
  template.hasResourceProperties('AWS::S3::Bucket', algorithm('AES256'));
  full.hasResourceProperties(
    'AWS::S3::Bucket',
    Match.objectLike({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }) },
        ],
      },
    }),
  );
});

test('the HMAC key is made once and never again by a deploy', () => {
  // CloudFormation makes another value when any of this changes: see infra/fingerprint-key.ts.
  template.hasResourceProperties('AWS::SecretsManager::Secret', {
    Description: Match.stringLikeRegexp('^HMAC key'),
    GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
  });
});
