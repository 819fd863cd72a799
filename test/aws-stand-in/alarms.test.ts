import { expect, test } from 'vitest';
import { filterPattern } from '../lab/aws/cloudwatch/log-group.ts';
import { compilePattern } from '../lab/aws/events/pattern.ts';
import { aCloud, planned, withProperties, withResource } from './a-cloud.ts';

const SecretId = 'zabbix-psk/web-01';

test('a failed rotation reaches the topic and the repair function through the rule', async () => {
  const cloud = await aCloud({ edit: planned('roll back') });
  const { secretArn } = await cloud.rotate(SecretId);
  await cloud.settled();
  expect(cloud.messages).toMatchObject([
    { message: `RotationFailed: ${secretArn}`, subscribers: ['email:oncall@example.com'] },
  ]);
  expect(cloud.logs.map(({ message }) => message)).toContain('{"event":"repair","about":"RotationFailed"}');
});

test('whoever waits for the events of a rotation to be handed over has the repair function’s answer', async () => {
  const cloud = await aCloud({ edit: planned('roll back') });
  const { events } = await cloud.rotate(SecretId);
  await cloud.handedOver(events);
  expect(cloud.invocations.at(-1)).toMatchObject({
    event: { detail: { eventName: 'RotationFailed' } },
    error: undefined,
  });
});

test('a rule with a schedule hands its constant input to a function that lets it in', async () => {
  const rule = {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(1 hour)',
      Targets: [{ Id: 'Repair', Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, Input: '{"echo":"all"}' }],
    },
  };
  const permission = {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'Function' },
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['Hourly', 'Arn'] },
    },
  };
  const closed = await aCloud({ edit: withResource('Hourly', rule) });
  await closed.fire('Hourly');
  expect(closed.invocations).toEqual([]);
  expect(closed.denials).toMatchObject([{ caller: 'events.amazonaws.com' }]);

  const open = await aCloud({
    edit: (template) => withResource('HourlyPermission', permission)(withResource('Hourly', rule)(template)),
  });
  await open.fire('Hourly');
  expect(open.invocations).toMatchObject([{ event: { echo: 'all' }, error: undefined }]);
});

test('an alarm cannot publish to a topic whose policy names only the rule', async () => {
  const cloud = await aCloud({ edit: planned('roll back') });
  await cloud.rotate(SecretId);
  expect(cloud.denials).toMatchObject([{ caller: 'cloudwatch.amazonaws.com', action: 'sns:Publish' }]);
});

test("an alarm publishes by the topic's default policy, a rule does not", async () => {
  const plan = planned('roll back');
  const cloud = await aCloud({
    edit: (template) => withResource('TopicPolicy', { Type: 'AWS::CDK::Metadata' })(plan(template)),
  });
  await cloud.rotate(SecretId);
  await cloud.settled();
  expect(cloud.messages).toMatchObject([{ subject: expect.stringMatching(/^ALARM: "Rotation-Alarm-/) }]);
  expect(cloud.denials).toMatchObject([{ caller: 'events.amazonaws.com', action: 'sns:Publish' }]);
});

test("nobody publishes to a topic under AWS's own key", async () => {
  const plan = planned('roll back');
  const underKey = withProperties('Topic', (properties) => ({ ...properties, KmsMasterKeyId: 'alias/aws/sns' }));
  const cloud = await aCloud({ edit: (template) => underKey(plan(template)) });
  await cloud.rotate(SecretId);
  await cloud.settled();
  expect(cloud.messages).toEqual([]);
  expect(cloud.denials).toContainEqual(expect.objectContaining({ action: 'kms:GenerateDataKey' }));
});

test('a log line sets off an alarm through its metric filter', async () => {
  const filter = {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: { Ref: 'Logs' },
      FilterPattern: '{ $.event = "step.setSecret" }',
      MetricTransformations: [{ MetricNamespace: 'Psk', MetricName: 'Set', MetricValue: '1' }],
    },
  };
  const alarm = withProperties('Alarm', ({ Dimensions: _none, ...properties }) => ({
    ...properties,
    Namespace: 'Psk',
    MetricName: 'Set',
  }));
  const cloud = await aCloud({ edit: (template) => alarm(withResource('Filter', filter)(template)) });
  await cloud.rotate(SecretId);
  expect([...cloud.world.alarms.values()].map(({ state }) => state)).toEqual(['ALARM']);
});

test.each([
  { pattern: { a: ['x'] }, event: { a: 'x' }, matches: true },
  { pattern: { a: ['x', 'y'] }, event: { a: 'z' }, matches: false },
  { pattern: { a: { b: [{ prefix: 'x' }] } }, event: { a: { b: 'xyz' } }, matches: true },
  { pattern: { a: [{ 'anything-but': ['x'] }] }, event: { a: 'x' }, matches: false },
  { pattern: { a: [{ 'anything-but': { prefix: 'x' } }] }, event: { a: 'y' }, matches: true },
  { pattern: { a: [{ exists: false }] }, event: {}, matches: true },
  { pattern: { a: ['x'] }, event: { a: ['y', 'x'] }, matches: true },
  { pattern: { $or: [{ a: ['x'] }, { b: ['x'] }] }, event: { b: 'x' }, matches: true },
])('pattern $pattern matches $event: $matches', ({ pattern, event, matches }) => {
  expect(compilePattern(pattern)(event)).toBe(matches);
});

test('an unknown pattern operator is refused', () => {
  expect(() => compilePattern({ a: [{ cidr: '10.0.0.0/8' }] })).toThrow(/cidr/);
});

test.each([
  { pattern: '{ $.level = "ERROR" && $.event != "x" }', line: '{"level":"ERROR","event":"y"}', matches: true },
  { pattern: '{ ($.level = "ERROR") || ($.level = "WARN") }', line: '{"level":"INFO"}', matches: false },
  { pattern: '{ $.message.event = "rotation.*" }', line: '{"message":{"event":"rotation.rolledBack"}}', matches: true },
  { pattern: '{ $.level = "ERROR" }', line: 'ERROR', matches: false },
  { pattern: '"Task timed out"', line: 'x Task timed out after', matches: true },
])('filter $pattern matches $line: $matches', ({ pattern, line, matches }) => {
  expect(filterPattern(pattern)(line)).toBe(matches);
});
