import { expect, test } from 'vitest';
import { aCloud, withProperties, withResource } from './a-cloud.ts';

test('a function answers a test event, and a second one on the same warm process', async () => {
  const cloud = await aCloud();
  expect(await cloud.invoke('rotate', { echo: 'hello' })).toMatchObject({
    result: { echo: 'hello', calls: 1, name: 'rotate', leftMs: expect.any(Number) },
  });
  expect(await cloud.invoke('rotate', { echo: 'again' })).toMatchObject({ result: { calls: 2 } });
  expect(cloud.invocations.map(({ coldStart }) => coldStart)).toEqual([true, false]);
});

test('invocations at the same time have processes of their own', async () => {
  const cloud = await aCloud();
  await Promise.all([1, 2].map(() => cloud.invoke('rotate', { sleepMs: 100 })));
  expect(new Set(cloud.logs.map(({ environmentId }) => environmentId)).size).toBe(2);
});

test('where it is wanted the pauses of a function pass faster, and its time limits do not', async () => {
  const oneSecond = withProperties('Function', (properties) => ({ ...properties, Timeout: 1 }));
  const cloud = await aCloud({ edit: oneSecond, habits: { pausesPassTimes: 20 } });
  expect((await cloud.invoke('rotate', { sleepMs: 10_000 })).error).toBeUndefined();
  expect((await cloud.invoke('rotate', { sleepMs: 16_000 })).error?.errorType).toBe('Sandbox.Timedout');
});

test('a function sees the variables of the template and of the runtime, and nothing of the test', async () => {
  const cloud = await aCloud();
  const { result } = await cloud.invoke('rotate', { environment: true });
  expect(result).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_DEFAULT_REGION',
    'AWS_ENDPOINT_URL',
    'AWS_EXECUTION_ENV',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    'AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_FUNCTION_VERSION',
    'AWS_LAMBDA_INITIALIZATION_TYPE',
    'AWS_LAMBDA_LOG_FORMAT',
    'AWS_LAMBDA_LOG_GROUP_NAME',
    'AWS_LAMBDA_LOG_STREAM_NAME',
    'AWS_LAMBDA_RUNTIME_API',
    'AWS_REGION',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'DOCUMENT',
    'LAMBDA_TASK_ROOT',
    'LANG',
    'PATH',
    'PLAN',
    'TZ',
    '_HANDLER',
  ]);
});

test.each([
  { event: { throw: 'no luck' }, error: { errorType: 'TestError', errorMessage: 'no luck' } },
  { event: { exit: 3 }, error: { errorType: 'Runtime.ExitError', errorMessage: /exit status 3$/ } },
  {
    event: { sleepMs: 10_000 },
    error: { errorType: 'Sandbox.Timedout', errorMessage: /timed out after 1\.00 seconds$/ },
  },
])('a function that ends with $event ends as it would on Lambda', async ({ event, error }) => {
  const cloud = await aCloud({ edit: withProperties('Function', (properties) => ({ ...properties, Timeout: 1 })) });
  const end = await cloud.invoke('rotate', event);
  expect(end.error?.errorType).toBe(error.errorType);
  expect(end.error?.errorMessage).toMatch(error.errorMessage);
  // The next invocation finds a working environment.
  expect(await cloud.invoke('rotate', { echo: 1 })).toMatchObject({ result: { echo: 1 } });
});

test('a handler that cannot be loaded fails every invocation', async () => {
  const cloud = await aCloud({
    edit: withProperties('Function', (properties) => ({ ...properties, Handler: 'index.nothing' })),
  });
  expect(await cloud.invoke('rotate', {})).toMatchObject({ error: { errorType: 'Runtime.HandlerNotFound' } });
});

test('what a function prints is there when its invocation ends', async () => {
  const cloud = await aCloud();
  await cloud.invoke('rotate', { detail: { eventName: 'x' } });
  const lines = cloud.logs.filter(({ stream }) => stream === 'stdout').map(({ message }) => message);
  expect(lines).toEqual(['{"event":"repair","about":"x"}']);
});

test('the SDK inside a function finds the stand-in by the environment alone', async () => {
  const edit = withProperties('Function', (properties) => ({
    ...properties,
    Code: { S3Bucket: 'assets', S3Key: 'sdk.zip' },
  }));
  const cloud = await aCloud({ edit });
  expect(await cloud.invoke('Function', { SecretId: 'zabbix-psk/web-01' })).toMatchObject({
    result: 'zabbix-psk/web-01',
  });
});

test('an action or a parameter that is not imitated fails loudly', async () => {
  const cloud = await aCloud();
  await cloud.invoke('rotate', { call: 'AmazonSSM.GetParameter', input: {} });
  await cloud.invoke('rotate', { call: 'secretsmanager.DescribeSecret', input: { SecretId: 'x', Verbose: true } });
  expect(cloud.unsupported).toEqual([
    'action ssm:GetParameter is not imitated',
    'secretsmanager:DescribeSecret: the service knows no parameter Verbose (at verbose)',
  ]);
});

test.each([
  { what: 'resource type', resource: { Type: 'AWS::S3::Bucket', Properties: {} }, error: /AWS::S3::Bucket/ },
  { what: 'property', resource: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } }, error: /FifoQueue/ },
  {
    what: 'function',
    resource: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Base64': 'x' } } },
    error: /Fn::Base64/,
  },
  {
    what: 'reference',
    resource: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'Nothing' } } },
    error: /Nothing/,
  },
])('an unknown $what in the template is refused', async ({ resource, error }) => {
  await expect(aCloud({ edit: withResource('Strange', resource) })).rejects.toThrow(error);
});
