import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { s3Bucket } from '../../../lambda/evidence/s3.ts';

/** What the server answers, request by request: a status with a body, or nothing at all. */
type Answer = { readonly status: number; readonly body?: string } | 'cut';

let server: Server;
let endpoint: string;
let answers: Answer[];
let asked: { readonly request: IncomingMessage; readonly body: string }[];
let sleptMs: number[];

beforeEach(async () => {
  answers = [];
  asked = [];
  sleptMs = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ request, body });
    const answer = answers.shift() ?? 'cut';
    if (answer === 'cut') request.socket.destroy();
    else response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  endpoint = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
});

afterEach(() => new Promise<void>((done) => server.close(() => done())));

const aBucket = () =>
  s3Bucket({
    bucket: 'evidence',
    endpoint,
    signing: { region: 'eu-central-1', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' } },
    clock: { now: () => ({ ms: 0 }), sleep: async (ms) => void sleptMs.push(ms) },
  });

const error = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Because.</Message></Error>`;

test('an object is written only where there is none, with the checksum that Object Lock wants', async () => {
  answers = [{ status: 200 }];
  expect(await aBucket().putNew('records/a b+=@/1.json', '{}')).toBe(true);

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
  const names = ['records/x/00000001.json', 'reports/x/report.html', 'reports/x/findings.csv', 'reports/x/summary.txt'];
  answers = names.map(() => ({ status: 200 }));
  for (const name of names) await aBucket().putNew(name, 'x');
  expect(asked.map(({ request }) => request.headers['content-type'])).toEqual([
    'application/json',
    'text/html; charset=utf-8',
    'text/csv; charset=utf-8',
    'text/plain; charset=utf-8',
  ]);
});

test('an object that is there already is left, and told: unless it is the very same', async () => {
  answers = [
    { status: 412, body: error('PreconditionFailed') },
    { status: 200, body: 'another' },
  ];
  expect(await aBucket().putNew('a', '{}')).toBe(false);

  answers = ['cut', { status: 412, body: error('PreconditionFailed') }, { status: 200, body: '{}' }];
  expect(await aBucket().putNew('a', '{}')).toBe(true);
});

test.each<Answer>([
  { status: 503, body: error('SlowDown') },
  { status: 500, body: error('InternalError') },
  { status: 409, body: error('ConditionalRequestConflict') },
  'cut',
])('after %o it is tried again', async (answer) => {
  answers = [answer, answer, { status: 200 }];
  expect(await aBucket().putNew('a', '{}')).toBe(true);
  expect(sleptMs).toEqual([300, 1_000]);
});

test('a refusal is not repeated, and told in the words of S3', async () => {
  answers = [{ status: 403, body: error('AccessDenied') }];
  await expect(aBucket().get('a')).rejects.toThrow('S3 says AccessDenied: Because.');
  expect(asked).toHaveLength(1);
});

test('what never gets through is told in the end', async () => {
  answers = Array.from({ length: 4 }, () => ({ status: 503, body: error('SlowDown') }));
  await expect(aBucket().get('a')).rejects.toThrow('S3 says SlowDown: Because.');
  await expect(aBucket().get('a')).rejects.toThrow('S3 could not be asked (GET /evidence/a)');
});

test('a list has as many pages as it takes, and names as they are', async () => {
  const page = (keys: string, more: string) => `<ListBucketResult>${keys}${more}</ListBucketResult>`;
  const key = (name: string) => `<Contents><Key>${name}</Key><Size>2</Size></Contents>`;
  answers = [
    {
      status: 200,
      body: page(
        key('records/a%2Bb/1') + key('records/a+b%26c/2'),
        '<NextContinuationToken>x/=&amp;</NextContinuationToken>',
      ),
    },
    { status: 200, body: page(key('records/z'), '') },
  ];
  expect(await aBucket().list('records/a ')).toEqual(['records/a+b/1', 'records/a b&c/2', 'records/z']);
  expect(asked.map(({ request }) => request.url)).toEqual([
    '/evidence/?list-type=2&prefix=records%2Fa%20&encoding-type=url',
    '/evidence/?list-type=2&prefix=records%2Fa%20&encoding-type=url&continuation-token=x%2F%3D%26',
  ]);
});
