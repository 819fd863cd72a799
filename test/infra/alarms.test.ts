import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { aFullInventory, aPatientInventory, synthesize } from './synthesis.ts';

const template = synthesize(aFullInventory);
const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
const rules = Object.values(template.findResources('AWS::Events::Rule'));
const rule = rules.find(({ Properties }) => Properties.EventPattern !== undefined);

test('a failed or abandoned rotation of our secrets, and no other, is told', () => {
  expect(rule?.Properties.EventPattern).toMatchObject({
    source: ['aws.secretsmanager'],
    'detail-type': ['AWS Service Event via CloudTrail'],
    detail: { eventName: ['RotationFailed', 'RotationAbandoned'] },
  });
  expect(JSON.stringify(rule?.Properties.EventPattern.detail.additionalEventData)).toMatch(
    /"prefix":.*:secretsmanager:.*:secret:zabbix-psk\/"/,
  );
});

test('it is told in one sentence that a human understands on a phone', () => {
  const { Arn, RoleArn, InputTransformer } =
    rule?.Properties.Targets.find((target: object) => 'InputTransformer' in target) ?? {};
  const sentence = InputTransformer.InputTemplate['Fn::Join'][1]
    .map((part: unknown) => (typeof part === 'string' ? part : 'Rotator'))
    .join('');

  expect(Arn).toEqual({ Ref: topic });
  expect(RoleArn).toBeUndefined();
  expect(sentence).toBe(
    '"Zabbix key rotation: <detail-eventName> for <detail-additionalEventData-SecretId> at <time>. ' +
      'The log of Rotator says which target, what was tried and what is true now; its test event inspect looks again and changes nothing. ' +
      'docs/runbook.md#alarm-rotation-failed"',
  );
  expect(Object.values(InputTransformer.InputPathsMap).sort()).toEqual([
    '$.detail.additionalEventData.SecretId',
    '$.detail.eventName',
    '$.time',
  ]);
});

test.each([
  ['a step that failed', 'RotatorFunction'],
  ['a repair that failed', 'RepairerFunction'],
  ['a report that failed', 'ReporterFunction'],
])('an alarm tells %s, by a way that needs no trail', (_, prefix) => {
  const [lambda] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) => id.startsWith(prefix));
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: lambda } }],
    Statistic: 'Sum',
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: topic }],
  });
});

test('where the inventory says under which address the runbook is read, every message ends with one that opens', () => {
  const read = synthesize({ ...aFullInventory, alarms: { runbook: 'https://wiki.example.com/runbook' } });
  const told = [
    ...Object.values(read.findResources('AWS::CloudWatch::Alarm')),
    ...Object.values(read.findResources('AWS::Events::Rule')),
  ]
    .map(({ Properties }) => JSON.stringify(Properties))
    .filter((text) => text.includes('#alarm-'));
  expect(told).toHaveLength(4);
  for (const text of told) expect(text).toMatch(/ https:\/\/wiki\.example\.com\/runbook#alarm-[a-z-]+\W/);
});

test('rule and alarms may publish to the encrypted topic', () => {
  const alarms = Object.keys(template.findResources('AWS::CloudWatch::Alarm'));
  const usesKey = { Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Effect: 'Allow', Resource: '*' };

  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        // With a condition EventBridge could not publish.
        { Sid: Match.anyValue(), ...allow('events.amazonaws.com'), Condition: Match.absent() },
        Match.objectLike({
          ...allow('cloudwatch.amazonaws.com'),
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': alarms.map((alarm) => ({ 'Fn::GetAtt': [alarm, 'Arn'] })) },
          },
        }),
      ]),
    },
  });
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        { ...usesKey, Principal: { Service: 'events.amazonaws.com' }, Condition: Match.absent() },
        Match.objectLike({ ...usesKey, Principal: { Service: 'cloudwatch.amazonaws.com' } }),
      ]),
    },
  });
});

test('mail is sent only where the inventory names an address', () => {
  template.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: aFullInventory.alarms.email,
  });
  synthesize().resourceCountIs('AWS::SNS::Subscription', 0);
});

test('where rotations may wait Secrets Manager’s word of a failure goes to the repair function alone', () => {
  const patient = synthesize(aPatientInventory);
  const [rule] = Object.entries(patient.findResources('AWS::Events::Rule')).filter(([id]) =>
    id.startsWith('FailedRotations'),
  );
  expect(rule?.[1].Properties.Targets).toEqual([
    { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Repairer/), 'Arn'] }, Id: expect.any(String) },
  ]);
  patient.resourceCountIs('AWS::CloudWatch::Alarm', 2);
});

function allow(service: string) {
  return { Action: 'sns:Publish', Effect: 'Allow', Principal: { Service: service }, Resource: { Ref: topic } };
}
