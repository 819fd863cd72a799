import { describe, expect, test } from 'vitest';
import { ask } from '../../lambda/ask.ts';
import { s3Bucket } from '../../lambda/evidence/s3.ts';
import { sha256Base64, signed } from '../../lambda/signed-request.ts';
import type { Access } from '../lab/aws/access.ts';
import type { CloudOptions } from '../lab/aws/cloud.ts';
import type { Json, JsonObject } from '../lab/aws/json.ts';
import { aCloud, withResource } from './a-cloud.ts';

const bucketName = 'evidence';
const locked: JsonObject = {
  BucketName: bucketName,
  VersioningConfiguration: { Status: 'Enabled' },
  ObjectLockEnabled: true,
  ObjectLockConfiguration: {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 10 } },
  },
};

function withBucket(properties: JsonObject = locked, ...statements: readonly JsonObject[]) {
  const policy: Json = {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: 'Evidence' },
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  };
  return (template: JsonObject) =>
    withResource(
      'EvidencePolicy',
      policy,
    )(withResource('Evidence', { Type: 'AWS::S3::Bucket', Properties: properties })(template));
}

const aBucketCloud = (options: Partial<CloudOptions> = {}) =>
  aCloud({ edit: withBucket(), ...options, habits: { slowDownEvery: 0, ...options.habits } });

function bucketOf({ client }: Access) {
  return s3Bucket({
    bucket: bucketName,
    endpoint: client.endpoint,
    signing: client,
    clock: { now: () => ({ ms: Date.now() }), sleep: async () => undefined },
  });
}

test('what is put is read and listed, and locked for as long as the bucket says', async () => {
  const cloud = await aBucketCloud();
  const bucket = bucketOf(cloud.operator);
  const key = "records/zabbix-psk/a b+=@'(1)!/00000001.json";

  expect(await bucket.putNew(key, '{"ä":"€"}')).toBe(true);
  expect(await bucket.get(key)).toBe('{"ä":"€"}');
  expect(await bucket.list('records/')).toEqual([key]);
  expect(await bucket.list('reports/')).toEqual([]);

  const [version] = cloud.world.buckets.get(bucketName)?.objects.get(key) ?? [];
  expect(version?.lock?.mode).toBe('COMPLIANCE');
  expect((version?.lock?.untilMs ?? 0) - (version?.writtenMs ?? 0)).toBe(10 * 86_400_000);
  expect(cloud.breakdowns).toEqual([]);
});

test('of two that write one object the second is told so', async () => {
  const cloud = await aBucketCloud();
  const bucket = bucketOf(cloud.operator);
  expect(await Promise.all(['one', 'another'].map((body) => bucket.putNew('a', body)))).toEqual([true, false]);
  expect(cloud.world.buckets.get(bucketName)?.objects.get('a')).toHaveLength(1);
});

test('a list comes in pages', async () => {
  const cloud = await aBucketCloud({ habits: { objectsPerPage: 2 } });
  const bucket = bucketOf(cloud.operator);
  const keys = ['r/1', 'r/2', 'r/3', 'r/4', 'r/5'];
  for (const key of keys) await bucket.putNew(key, key);
  expect(await bucket.list('r/')).toEqual(keys);
  expect(cloud.requests.filter(({ action }) => action === 's3:ListObjectsV2')).toHaveLength(3);
});

test('now and then S3 asks to slow down, and throttles and cuts connections when a test says so', async () => {
  const cloud = await aBucketCloud({ habits: { slowDownEvery: 2 } });
  const bucket = bucketOf(cloud.operator);
  for (const key of ['1', '2', '3']) expect(await bucket.putNew(key, key)).toBe(true);

  cloud.faults.throttle('s3:PutObject');
  expect(await bucket.putNew('4', '4')).toBe(true);
  cloud.faults.loseAnswer('s3:PutObject');
  expect(await bucket.putNew('5', '5')).toBe(true);
  cloud.faults.serverError('s3:GetObject');
  expect(await bucket.get('5')).toBe('5');
});

test('a wrong signature is refused, and remembered as a breakdown', async () => {
  const cloud = await aBucketCloud();
  const { client } = cloud.operator;
  const forged = {
    ...cloud.operator,
    client: { ...client, credentials: { ...client.credentials, secretAccessKey: 'x' } },
  };
  await expect(bucketOf(forged).list('')).rejects.toThrow('S3 says SignatureDoesNotMatch');
  expect(cloud.breakdowns).toHaveLength(1);
});

test.each([
  ['DELETE', '/evidence/a'],
  ['GET', '/evidence/a?retention'],
  ['PUT', '/evidence/a?legal-hold'],
  ['GET', '/evidence'],
])('%s %s is not imitated, and not passed over', async (method, path) => {
  const cloud = await aBucketCloud();
  const response = await fetch(`${cloud.endpoint}${path}`, {
    method,
    headers: { authorization: unsigned(cloud.operator) },
  });
  // The signature comes first; with a good one the call is told as unsupported.
  expect(response.status).toBe(403);
  cloud.world.secretAccessKeys.clear();
  const again = await fetch(`${cloud.endpoint}${path}`, {
    method,
    headers: { authorization: unsigned(cloud.operator) },
  });
  expect(again.status).toBe(501);
  expect(cloud.unsupported).toEqual([`action s3:${method} ${path} is not imitated`]);
});

function unsigned({ client }: Access): string {
  return `AWS4-HMAC-SHA256 Credential=${client.credentials.accessKeyId}/20260105/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
}

describe('permissions', () => {
  const deny = (Action: string, Condition: JsonObject): JsonObject => ({
    Sid: 'Denied',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action,
    Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Evidence', 'Arn'] }, '/*']] },
    Condition,
  });

  test('a role without the right is refused', async () => {
    const cloud = await aBucketCloud();
    const bucket = bucketOf(cloud.asRole('Role'));
    await expect(bucket.putNew('a', 'a')).rejects.toThrow('S3 says AccessDenied');
    await expect(bucket.get('a')).rejects.toThrow('S3 says AccessDenied');
    await expect(bucket.list('')).rejects.toThrow('S3 says AccessDenied');
  });

  test("a bucket's policy denies what comes without If-None-Match, the operator's too", async () => {
    const cloud = await aBucketCloud({
      edit: withBucket(locked, deny('s3:PutObject', { Null: { 's3:if-none-match': 'true' } })),
    });
    expect(await bucketOf(cloud.operator).putNew('a', 'a')).toBe(true);

    const url = new URL(`${cloud.endpoint}/evidence/a`);
    const headers = { 'x-amz-checksum-sha256': sha256Base64('b') };
    const over = await signed(
      { service: 's3', method: 'PUT', url, headers, body: 'b' },
      cloud.operator.client,
      new Date(),
    );
    expect((await ask(over.url, over.asking, 5_000)).status).toBe(403);
    expect(cloud.denials).toMatchObject([{ action: 's3:PutObject' }]);
  });

  test('under a customer key it takes that key too, through S3', async () => {
    const key: JsonObject = {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: { 'Fn::Join': ['', ['arn:aws:iam::', { Ref: 'AWS::AccountId' }, ':root']] } },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    };
    const rights = (...actions: string[]): JsonObject => ({
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'Rights',
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: '*' },
            {
              Effect: 'Allow',
              Action: actions,
              Resource: '*',
              Condition: { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
            },
          ],
        },
      },
    });
    const ByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { 'Fn::GetAtt': ['Customer', 'Arn'] } };
    const encrypted: JsonObject = {
      ...locked,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: ByDefault }],
      },
    };
    const withRights = (...actions: string[]) =>
      aBucketCloud({
        edit: (template) =>
          withResource('Rights', rights(...actions))(withResource('Customer', key)(withBucket(encrypted)(template))),
      });

    const writer = bucketOf((await withRights('kms:GenerateDataKey')).asRole('Role'));
    expect(await writer.putNew('a', 'a')).toBe(true);
    await expect(writer.get('a')).rejects.toThrow(/AccessDenied: .* kms:Decrypt/);
    const reader = bucketOf((await withRights('kms:Decrypt')).asRole('Role'));
    await expect(reader.putNew('a', 'a')).rejects.toThrow(/AccessDenied: .* kms:GenerateDataKey/);
  });

  test("a bucket's policy denies by what it knows of the connection", async () => {
    const cloud = await aBucketCloud({
      edit: withBucket(locked, deny('s3:GetObject', { Bool: { 'aws:SecureTransport': 'true' } })),
    });
    const bucket = bucketOf(cloud.operator);
    await bucket.putNew('a', 'a');
    await expect(bucket.get('a')).rejects.toThrow('S3 says AccessDenied');
  });
});
