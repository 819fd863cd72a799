import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { signingKey } from '../../../lambda/kms/signing-key.ts';
import { type Answer, answering } from '../../answering.ts';

const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1';
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

async function aKey(...answers: readonly Answer[]) {
  const { endpoint, asked } = await answering(answers);
  const sleptMs: number[] = [];
  const key = signingKey({
    keyArn,
    endpoint,
    signing: { region: 'eu-central-1', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' } },
    clock: { now: () => ({ ms: 0 }), sleep: async (ms) => void sleptMs.push(ms) },
  });
  return { key, asked, sleptMs };
}

const signature = { status: 200, body: JSON.stringify({ KeyId: keyArn, Signature: 'MEUC' }) };
const error = (status: number, __type: string, message = 'Because.') => ({
  status,
  body: JSON.stringify({ __type, message }),
});

test('the SHA-256 of a text is signed, however long the text is', async () => {
  const { key, asked } = await aKey(signature);
  expect(await key.sign('{}'.repeat(10_000))).toBe('MEUC');

  const [{ request, body } = { request: undefined, body: '' }] = asked;
  expect(request?.method).toBe('POST');
  expect(request?.headers).toMatchObject({
    'x-amz-target': 'TrentService.Sign',
    'content-type': 'application/x-amz-json-1.1',
    authorization: expect.stringContaining('/eu-central-1/kms/aws4_request'),
  });
  expect(JSON.parse(body)).toEqual({
    KeyId: keyArn,
    Message: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    MessageType: 'DIGEST',
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
});

test('the public key comes as PEM', async () => {
  const PublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { key, asked } = await aKey({ status: 200, body: JSON.stringify({ KeyId: keyArn, PublicKey }) });
  expect(await key.publicKey()).toBe(publicKey.export({ type: 'spki', format: 'pem' }));
  expect(asked.map(({ body }) => body)).toEqual([JSON.stringify({ KeyId: keyArn })]);
});

test.each<Answer>([
  error(400, 'ThrottlingException', 'You have exceeded the rate at which you may call KMS.'),
  error(500, 'KMSInternalException'),
  error(503, 'DependencyTimeoutException'),
  'cut',
])('after %o it is tried again', async (answer) => {
  const { key, sleptMs } = await aKey(answer, answer, signature);
  expect(await key.sign('{}')).toBe('MEUC');
  expect(sleptMs).toEqual([300, 1_000]);
});

test.each([
  [
    error(400, 'com.amazonaws.kms#DisabledException', `${keyArn} is disabled.`),
    `KMS says DisabledException: ${keyArn} is disabled.`,
  ],
  [error(400, 'AccessDeniedException', 'You may not.'), 'KMS says AccessDeniedException: You may not.'],
  [{ status: 403, body: '<html>' }, 'KMS says status 403'],
])('a refusal is not repeated, and told in the words of KMS', async (answer, says) => {
  const { key, asked } = await aKey(answer);
  await expect(key.sign('{}')).rejects.toThrow(says);
  expect(asked).toHaveLength(1);
});

test('what never gets through is told in the end', async () => {
  const { key } = await aKey(...Array.from({ length: 4 }, () => error(400, 'ThrottlingException', 'Rate exceeded')));
  await expect(key.sign('{}')).rejects.toThrow('KMS says ThrottlingException: Rate exceeded');
  await expect(key.publicKey()).rejects.toThrow('KMS could not be asked (GetPublicKey)');
});
