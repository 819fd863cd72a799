import { expect, test } from 'vitest';
import type { Cloud } from '../lab/aws/cloud.ts';
import { aCloud } from './a-cloud.ts';

test('a function is invoked over the wire', async () => {
  const cloud = await aCloud();
  const { status, headers, body } = await post(cloud, 'rotate', { payload: '{"echo":"hello"}' });
  expect(status).toBe(200);
  expect(headers.get('x-amz-executed-version')).toBe('$LATEST');
  expect(headers.get('x-amz-function-error')).toBeNull();
  expect(body).toMatchObject({ echo: 'hello' });
  expect((await post(cloud, functionArn(cloud))).status).toBe(200);
});

test('its failure is an answer', async () => {
  const cloud = await aCloud();
  const { status, headers, body } = await post(cloud, 'rotate', { payload: '{"throw":"no luck"}' });
  expect(status).toBe(200);
  expect(headers.get('x-amz-function-error')).toBe('Unhandled');
  expect(body).toMatchObject({ errorType: 'TestError', errorMessage: 'no luck' });
});

test.each([
  {
    what: 'a name that cannot be one',
    name: 'a function',
    error: 'ValidationException',
    says: "Value 'a function' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression",
  },
  {
    what: 'a type of invocation that does not exist',
    headers: { 'x-amz-invocation-type': 'Later' },
    error: 'ValidationException',
    says: "at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
  },
  {
    what: 'an event that is no JSON',
    payload: '{',
    error: 'InvalidRequestContentException',
    says: 'Could not parse request body into json',
  },
  { what: 'a function that does not exist', name: 'nobody', error: 'ResourceNotFoundException', says: 'nobody' },
])('$what is refused', async ({ error, says, what: _what, name = 'rotate', ...request }) => {
  const cloud = await aCloud();
  const { headers, body } = await post(cloud, name, request);
  expect(headers.get('x-amzn-errortype')).toBe(error);
  expect(body).toMatchObject({ Message: expect.stringContaining(says) });
  expect(cloud.invocations).toEqual([]);
  expect([...cloud.unsupported, ...cloud.breakdowns]).toEqual([]);
});

test.each([
  { headers: { 'x-amz-log-type': 'Tail' }, remembered: 'lambda:Invoke with log type Tail is not imitated' },
  {
    headers: { 'x-amz-invocation-type': 'Event' },
    remembered: 'lambda:Invoke with invocation type Event is not imitated',
  },
  { query: '?Qualifier=live', remembered: 'lambda:Invoke with Qualifier is not imitated' },
  { query: '?Colour=red', remembered: 'lambda:Invoke: the service knows no parameter Colour (at colour)' },
])('what is not imitated is remembered: $remembered', async ({ remembered, ...request }) => {
  const cloud = await aCloud();
  expect((await post(cloud, 'rotate', request)).status).toBeGreaterThanOrEqual(400);
  expect(cloud.unsupported).toEqual([remembered]);
  expect(cloud.invocations).toEqual([]);
});

interface InvokeRequest {
  readonly payload?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

async function post(cloud: Cloud, name: string, { payload = '', headers = {}, query = '' }: InvokeRequest = {}) {
  const { accessKeyId } = cloud.operator.client.credentials;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260105/eu-central-1/lambda/aws4_request`;
  const url = `${cloud.endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations${query}`;
  const response = await fetch(url, { method: 'POST', body: payload, headers: { authorization, ...headers } });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}

function functionArn(cloud: Cloud): string {
  const [arn = ''] = cloud.world.functions.keys();
  return arn;
}
