import { verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ask } from '../../lambda/ask.ts';
import { signingKey } from '../../lambda/kms/signing-key.ts';
import { signed } from '../../lambda/signed-request.ts';
import type { Access } from '../lab/aws/access.ts';
import type { Cloud } from '../lab/aws/cloud.ts';
import type { JsonObject } from '../lab/aws/json.ts';
import { aCloud, withResource } from './a-cloud.ts';

const ofAccount = { AWS: { 'Fn::Join': ['', ['arn:aws:iam::', { Ref: 'AWS::AccountId' }, ':root']] } };
const everything: JsonObject = { Effect: 'Allow', Principal: ofAccount, Action: 'kms:*', Resource: '*' };
const signs = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' };

function aKey(properties: JsonObject, ...statements: readonly JsonObject[]) {
  const KeyPolicy = { Version: '2012-10-17', Statement: statements };
  return withResource('Signing', { Type: 'AWS::KMS::Key', Properties: { ...properties, KeyPolicy } });
}

/** The role of the fixture may sign, and read the public key, where the key's policy hands that over to the account. */
function rights(Condition: JsonObject = {}) {
  const Statement = [{ Effect: 'Allow', Action: ['kms:Sign', 'kms:GetPublicKey'], Resource: '*', Condition }];
  const PolicyDocument = { Version: '2012-10-17', Statement };
  const Properties = { PolicyName: 'Rights', Roles: [{ Ref: 'Role' }], PolicyDocument };
  return withResource('Rights', { Type: 'AWS::IAM::Policy', Properties });
}

const aSigningCloud = (properties: JsonObject = signs, ...statements: readonly JsonObject[]) =>
  aCloud({ edit: (it) => rights()(aKey(properties, ...(statements.length === 0 ? [everything] : statements))(it)) });

function arnOf({ world }: Cloud): string {
  return [...world.keys.values()].find(({ logicalId }) => logicalId === 'Signing')?.arn ?? '';
}

function keyOf(cloud: Cloud, { client }: Access = cloud.operator) {
  const clock = { now: () => ({ ms: Date.now() }), sleep: async () => undefined };
  return signingKey({ keyArn: arnOf(cloud), endpoint: client.endpoint, signing: client, clock });
}

/** A call as it goes over the wire, with whatever parameters. */
async function call(cloud: Cloud, operation: string, parameters: JsonObject): Promise<unknown> {
  const url = new URL(`${cloud.endpoint}/`);
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` };
  const body = JSON.stringify({ KeyId: arnOf(cloud), ...parameters });
  const { client } = cloud.operator;
  const { asking } = await signed({ service: 'kms', method: 'POST', url, headers, body }, client, new Date());
  return JSON.parse((await ask(url, asking, 5_000)).text);
}

test('what is signed is confirmed by the public key, and the same text has another signature each time', async () => {
  const cloud = await aSigningCloud();
  const key = keyOf(cloud, cloud.asRole('Role'));
  const pem = await key.publicKey();
  const signatures = await Promise.all(Array.from({ length: 40 }, () => key.sign('{"ä":"€"}')));
  for (const signature of signatures)
    expect(verify('sha256', Buffer.from('{"ä":"€"}'), pem, Buffer.from(signature, 'base64'))).toBe(true);
  expect(verify('sha256', Buffer.from('{}'), pem, Buffer.from(signatures[0] ?? '', 'base64'))).toBe(false);
  expect(new Set(signatures).size).toBe(signatures.length);
  expect(cloud.denials).toEqual([]);
  expect(cloud.breakdowns).toEqual([]);
});

test('a text itself is signed like its digest', async () => {
  const cloud = await aSigningCloud();
  const answer = await call(cloud, 'Sign', {
    Message: Buffer.from('{}').toString('base64'),
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
  const Signature = Object(answer).Signature;
  const pem = await keyOf(cloud).publicKey();
  expect(verify('sha256', Buffer.from('{}'), pem, Buffer.from(Signature, 'base64'))).toBe(true);
});

test('KMS throttles, fails and cuts connections when a test says so', async () => {
  const cloud = await aSigningCloud();
  cloud.faults.throttle('kms:Sign');
  cloud.faults.serverError('kms:Sign');
  cloud.faults.loseAnswer('kms:Sign');
  expect(await keyOf(cloud).sign('{}')).toMatch(/^M/);
});

describe('refused in the words of KMS', () => {
  const Message = Buffer.alloc(32).toString('base64');
  test.each<{ what: string; parameters: JsonObject; __type: string; says: RegExp }>([
    {
      what: 'a digest of another length',
      parameters: { Message: 'AAAA', MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' },
      __type: 'ValidationException',
      says: /Digest is invalid length/,
    },
    {
      what: 'an algorithm of other keys',
      parameters: { Message, SigningAlgorithm: 'RSASSA_PSS_SHA_256' },
      __type: 'InvalidKeyUsageException',
      says: /is incompatible with key spec ECC_NIST_P256/,
    },
    {
      what: 'a text of more than 4096 bytes',
      parameters: { Message: Buffer.alloc(4_097).toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' },
      __type: 'ValidationException',
      says: /at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096/,
    },
    {
      what: 'a key that is not there',
      parameters: { KeyId: 'nobody', Message, SigningAlgorithm: 'ECDSA_SHA_256' },
      __type: 'NotFoundException',
      says: /^Key 'nobody' does not exist$/,
    },
  ])('$what', async ({ parameters, __type, says }) => {
    const cloud = await aSigningCloud();
    const answer = await call(cloud, 'Sign', parameters);
    expect(answer).toMatchObject({ __type, message: expect.stringMatching(says) });
    expect(cloud.breakdowns).toEqual([]);
  });

  test('a key that somebody has disabled', async () => {
    const cloud = await aSigningCloud();
    for (const key of cloud.world.keys.values()) key.enabled = false;
    await expect(keyOf(cloud).sign('{}')).rejects.toThrow(/^KMS says DisabledException: arn:.* is disabled\.$/);
    await expect(keyOf(cloud).publicKey()).rejects.toThrow(/DisabledException/);
  });

  test('a key that encrypts', async () => {
    const cloud = await aSigningCloud({});
    await expect(keyOf(cloud).sign('{}')).rejects.toThrow(/InvalidKeyUsageException/);
    await expect(keyOf(cloud).publicKey()).rejects.toThrow(/UnsupportedOperationException/);
  });

  test('a signature that is not of this request, which is remembered as a breakdown', async () => {
    const cloud = await aSigningCloud();
    const { client } = cloud.operator;
    const credentials = { ...client.credentials, secretAccessKey: 'x' };
    const forged = { ...cloud.operator, client: { ...client, credentials } };
    await expect(keyOf(cloud, forged).publicKey()).rejects.toThrow('KMS says InvalidSignatureException');
    expect(cloud.breakdowns).toHaveLength(1);
  });
});

test.each<[string, JsonObject]>([
  ['of a spec that is made for something else', { KeySpec: 'ECC_NIST_P256' }],
  ['that signs and rotates', { ...signs, EnableKeyRotation: true }],
])('a key %s is not made', async (_, properties) => {
  await expect(aSigningCloud(properties)).rejects.toThrow(/not compatible with KeySpec|EnableKeyRotation/);
});

describe('permissions', () => {
  test('a role signs where the key and its own policy let it', async () => {
    const none = await aCloud({ edit: aKey(signs, everything) });
    await expect(keyOf(none, none.asRole('Role')).sign('{}')).rejects.toThrow(/AccessDeniedException: .* kms:Sign/);
    const other = await aSigningCloud(signs, { ...everything, Action: 'kms:GetPublicKey' });
    const key = keyOf(other, other.asRole('Role'));
    await expect(key.sign('{}')).rejects.toThrow(/AccessDeniedException: .* kms:Sign/);
    expect(await key.publicKey()).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  test('a key that names who signs lets nobody else, whoever he is', async () => {
    const one = { StringEquals: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/another' } };
    const cloud = await aSigningCloud(signs, { ...everything, Condition: one });
    await expect(keyOf(cloud, cloud.asRole('Role')).sign('{}')).rejects.toThrow(/AccessDeniedException/);
    await expect(keyOf(cloud).sign('{}')).rejects.toThrow(/AccessDeniedException/);
  });

  test('a policy that asks for another algorithm or kind of message does not hold', async () => {
    for (const [asked, holds] of [
      [{ 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' }, true],
      [{ 'kms:SigningAlgorithm': 'ECDSA_SHA_384' }, false],
      [{ 'kms:MessageType': 'RAW' }, false],
    ] as const) {
      const cloud = await aCloud({
        edit: (template) => rights({ StringEquals: asked })(aKey(signs, everything)(template)),
      });
      const signature = keyOf(cloud, cloud.asRole('Role')).sign('{}');
      await (holds ? expect(signature).resolves.toMatch(/^M/) : expect(signature).rejects.toThrow(/AccessDenied/));
    }
  });
});
