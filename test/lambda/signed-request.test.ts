import { expect, test } from 'vitest';
import { signed } from '../../lambda/signed-request.ts';

/** The credentials and the moment of AWS' published examples. */
const signing = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
};
const at = new Date('2013-05-24T00:00:00Z');
const bucket = 'https://examplebucket.s3.amazonaws.com';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
test.each([
  {
    what: 'GET Object',
    request: { service: 's3', method: 'GET', url: new URL(`${bucket}/test.txt`), headers: { range: 'bytes=0-9' } },
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    what: 'List Objects',
    request: { service: 's3', method: 'GET', url: new URL(`${bucket}/`), query: { 'max-keys': '2', prefix: 'J' } },
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
] as const)("$what is signed as in AWS' example", async ({ request, signature }) => {
  const { asking } = await signed(request, signing, at);
  expect(asking.headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
});
