import { expect, test } from 'vitest';
import { s3Bucket } from '../../../lambda/evidence/s3.ts';
import { type Answer, answering } from '../../answering.ts';

async function aBucket(...answers: readonly Answer[]) {
  const { endpoint, asked } = await answering(answers);
  const sleptMs: number[] = [];
  const bucket = s3Bucket({
    bucket: 'evidence',
    endpoint,
    signing: { region: 'eu-central-1', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' } },
    clock: { now: () => ({ ms: 0 }), sleep: async (ms) => void sleptMs.push(ms) },
  });
  return { bucket, asked, sleptMs };
}

const error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Because.</Message></Error>`;

test('an object is written only where there is none, with the checksum that Object Lock wants', async () => {
  const { bucket, asked } = await aBucket({ status: 200 });
  expect(await bucket.putNew('records/a b+=@/1.json', '{}')).toBe(true);

  const [{ request, body } = { request: undefined, body: '' }] = asked;
  expect(request?.method).toBe('PUT');
  expect(request?.url).toBe('/evidence/records/a%20b%2B%3D%40/1.json');
  expect(request?.headers).toMatchObject({
    'if-none-match': '*',
    'x-amz-checksum-sha256': 'RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=',
    authorization: expect.stringContaining('/eu-central-1/s3/aws4_request'),
  });
  expect(body).toBe('{}');
});

test('a browser that opens an object is told what it is, by its name', async () => {
  const ofReport = ['report.html', 'findings.csv', 'summary.txt', 'manifest.sig', 'signing-key.pem'];
  const names = ['records/x/00000001.json', ...ofReport.map((name) => `reports/x/${name}`)];
  const { bucket, asked } = await aBucket(...names.map(() => ({ status: 200 })));
  for (const name of names) await bucket.putNew(name, 'x');
  expect(asked.map(({ request }) => request.headers['content-type'])).toEqual([
    'application/json',
    'text/html; charset=utf-8',
    'text/csv; charset=utf-8',
    ...Array.from({ length: 3 }, () => 'text/plain; charset=utf-8'),
  ]);
});

test('an object that is there already is left, and told: unless it is the very same', async () => {
  const taken = { status: 412, body: error('PreconditionFailed') };
  const anothers = await aBucket(taken, { status: 200, body: 'another' });
  expect(await anothers.bucket.putNew('a', '{}')).toBe(false);

  const ours = await aBucket('cut', taken, { status: 200, body: '{}' });
  expect(await ours.bucket.putNew('a', '{}')).toBe(true);
});

test.each<Answer>([
  { status: 503, body: error('SlowDown') },
  { status: 500, body: error('InternalError') },
  { status: 409, body: error('ConditionalRequestConflict') },
  'cut',
])('after %o it is tried again', async (answer) => {
  const { bucket, sleptMs } = await aBucket(answer, answer, { status: 200 });
  expect(await bucket.putNew('a', '{}')).toBe(true);
  expect(sleptMs).toEqual([300, 1_000]);
});

test('a refusal is not repeated, and told in the words of S3', async () => {
  const { bucket, asked } = await aBucket({ status: 403, body: error('AccessDenied') });
  await expect(bucket.get('a')).rejects.toThrow('S3 says AccessDenied: Because.');
  expect(asked).toHaveLength(1);
});

test('what never gets through is told in the end', async () => {
  const { bucket } = await aBucket(...Array.from({ length: 4 }, () => ({ status: 503, body: error('SlowDown') })));
  await expect(bucket.get('a')).rejects.toThrow('S3 says SlowDown: Because.');
  await expect(bucket.get('a')).rejects.toThrow('S3 could not be asked (GET /evidence/a)');
});

test('a list has as many pages as it takes, and names as they are', async () => {
  const page = (keys: string, more: string) => `<ListBucketResult>${keys}${more}</ListBucketResult>`;
  const key = (name: string) => `<Contents><Key>${name}</Key><Size>2</Size></Contents>`;
  const { bucket, asked } = await aBucket(
    {
      status: 200,
      body: page(
        key('records/a%2Bb/1') + key('records/a+b%26c/2'),
        '<NextContinuationToken>x/=&amp;</NextContinuationToken>',
      ),
    },
    { status: 200, body: page(key('records/z'), '') },
  );
  expect(await bucket.list('records/a ')).toEqual(['records/a+b/1', 'records/a b&c/2', 'records/z']);
  expect(asked.map(({ request }) => request.url)).toEqual([
    '/evidence/?list-type=2&prefix=records%2Fa%20&encoding-type=url',
    '/evidence/?list-type=2&prefix=records%2Fa%20&encoding-type=url&continuation-token=x%2F%3D%26',
  ]);
});

test('an answer that is cut off in the middle is none, and is asked for again', async () => {
  const { bucket, sleptMs } = await aBucket({ status: 200, body: 'half', sent: 3 }, { status: 200, body: 'half' });
  expect(await bucket.get('a')).toBe('half');
  expect(sleptMs).toEqual([300]);
});

test('what is moved elsewhere is not followed', async () => {
  const { bucket, asked } = await aBucket({ status: 301, body: error('PermanentRedirect') });
  await expect(bucket.get('a')).rejects.toThrow('S3 says PermanentRedirect: Because.');
  expect(asked).toHaveLength(1);
});
