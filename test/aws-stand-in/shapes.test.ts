import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListCommandsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import type { Json } from '../lab/aws/json.ts';
import { actionNames } from '../lab/aws/router.ts';
import { models, operationOf } from '../lab/aws/service-model.ts';
import { assertAnswer, assertError, assertRequest } from '../lab/aws/shapes.ts';
import { aCloud } from './a-cloud.ts';

const node = 'i-0123456789abcdef0';

test('the models hold the actions of the stand-in and no others', () => {
  const modelled = Object.entries(models).flatMap(([service, { operations }]) =>
    Object.keys(operations).map((name) => `${service}:${name}`),
  );
  expect(modelled.sort()).toEqual([...actionNames].sort());
});

describe("a request that is not the model's is refused in AWS's words", () => {
  test.each<{ what: string; action: string; body: Json; code?: string; says: string }>([
    {
      what: 'a missing parameter',
      action: 'secretsmanager:DescribeSecret',
      body: {},
      says: "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
    },
    {
      what: 'null for a parameter',
      action: 'secretsmanager:DescribeSecret',
      body: { SecretId: null },
      says: "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
    },
    {
      what: 'a text that is too short',
      action: 'secretsmanager:GetSecretValue',
      body: { SecretId: 'a', VersionId: '1' },
      says: "1 validation error detected: Value '1' at 'versionId' failed to satisfy constraint: Member must have length greater than or equal to 32",
    },
    {
      what: 'a secret text that is too long is not repeated',
      action: 'secretsmanager:PutSecretValue',
      body: { SecretId: 'a', SecretString: 'x'.repeat(65_537) },
      says: "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
    },
    {
      // https://github.com/aws/aws-cli/issues/7048
      what: 'a pattern',
      action: 'ssm:GetCommandInvocation',
      body: { CommandId: '0'.repeat(36), InstanceId: 'i-083e1601960282cd' },
      says: "1 validation error detected: Value 'i-083e1601960282cd' at 'instanceId' failed to satisfy constraint: Member must satisfy regular expression pattern: (^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)",
    },
    {
      what: 'a pattern that names no beginning and no end',
      action: 'secretsmanager:RotateSecret',
      body: { SecretId: 'a', RotationRules: { Duration: '4h ' } },
      says: "1 validation error detected: Value '4h ' at 'rotationRules.duration' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9h]+",
    },
    {
      what: 'items of a list',
      action: 'ssm:SendCommand',
      body: { DocumentName: 'abc', InstanceIds: [node, 'web-01'] },
      says: `1 validation error detected: Value '[${node}, web-01]' at 'instanceIds' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: (^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)]`,
    },
    {
      what: 'a list that is too long',
      action: 'ssm:SendCommand',
      body: { DocumentName: 'abc', InstanceIds: Array.from({ length: 51 }, () => node) },
      says: 'Member must have length less than or equal to 50',
    },
    {
      what: 'a number that is too small',
      action: 'ssm:SendCommand',
      body: { DocumentName: 'abc', TimeoutSeconds: 29 },
      says: "1 validation error detected: Value '29' at 'timeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 30",
    },
    {
      what: 'a word that is not in the enumeration',
      action: 'ssm:SendCommand',
      body: { DocumentName: 'abc', DocumentHashType: 'Md5' },
      says: "1 validation error detected: Value 'Md5' at 'documentHashType' failed to satisfy constraint: Member must satisfy enum value set: [Sha256, Sha1]",
    },
    {
      what: 'several at once',
      action: 'secretsmanager:ListSecrets',
      body: { MaxResults: 0, Filters: [{ Key: 'colour', Values: ['red'] }] },
      says: "2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1; Value 'colour' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [",
    },
    {
      what: 'a number for a text',
      action: 'secretsmanager:DescribeSecret',
      body: { SecretId: 7 },
      code: 'SerializationException',
      says: 'NUMBER_VALUE can not be converted to a String',
    },
    {
      what: 'a text for a list',
      action: 'ssm:SendCommand',
      body: { DocumentName: 'abc', Parameters: { gate: 'now' } },
      code: 'SerializationException',
      says: 'STRING_VALUE can not be converted to a list',
    },
    {
      what: 'a list for a structure',
      action: 'secretsmanager:RotateSecret',
      body: { SecretId: 'a', RotationRules: [] },
      code: 'SerializationException',
      says: 'Start of list found where not expected.',
    },
  ])('$what', ({ action, body, code = 'ValidationException', says }) => {
    expect(() => assertRequest(action, body, { unsupported: [] })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    );
  });
});

test('a parameter that the service does not know is refused AND remembered: AWS would take no notice of it', () => {
  const unsupported: string[] = [];
  const body = { SecretId: 'a', RotationRules: { EveryDays: 3 } };
  expect(() => assertRequest('secretsmanager:RotateSecret', body, { unsupported })).toThrow(/rotationRules\.everyDays/);
  expect(unsupported).toEqual([
    'secretsmanager:RotateSecret: the service knows no parameter EveryDays (at rotationRules.everyDays)',
  ]);
});

test('an answer of ours that is not the service’s is a breakdown of the stand-in', () => {
  const versions = { VersionIdsToStages: { short: ['AWSCURRENT'] } };
  expect(() => assertAnswer('secretsmanager:DescribeSecret', versions)).toThrow(/Map keys must satisfy constraint/);
  expect(() => assertAnswer('secretsmanager:DescribeSecret', { Arn: 'x' })).toThrow(/arn is not in the model/);
  expect(() => assertAnswer('secretsmanager:DescribeSecret', { CreatedDate: '2026-01-05' })).toThrow(/createdDate/);
  expect(() => assertAnswer('ssm:GetCommandInvocation', { Status: 'Done' })).toThrow(/enum value set/);
  expect(() => assertError('ssm:GetCommandInvocation', 'ResourceNotFoundException')).toThrow(/has no error/);
});

test('fields that a service leaves empty, and times that break its own pattern, are its own affair', () => {
  const ExecutionStartDateTime = '2017-06-07T13:00:00.123Z';
  assertAnswer('ssm:GetCommandInvocation', {
    ExecutionStartDateTime,
    ExecutionElapsedTime: 'PT0.012S',
    PluginName: '',
  });
  assertAnswer('ssm:GetCommandInvocation', { ExecutionStartDateTime: '', DocumentVersion: '' });
});

test('every operation is refused with errors that the model holds', () => {
  for (const action of actionNames) {
    const { model, operation } = operationOf(action);
    for (const name of operation.errors) expect(model.shapes[name]).toMatchObject({ exception: true });
  }
});

test('a version without labels is read without a list of them', async () => {
  const cloud = await aCloud();
  const secrets = new SecretsManagerClient(cloud.operator.client);
  const SecretId = 'zabbix-psk/web-01';
  const { VersionId } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  for (const SecretString of ['two', 'three'])
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  const first = await secrets.send(new GetSecretValueCommand({ SecretId, VersionId }));
  expect(first.VersionStages).toBeUndefined();
  const { Versions } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  expect(Versions).toHaveLength(3);
});

test('over the wire: the SDK throws what the service would, and nothing has broken', async () => {
  const cloud = await aCloud();
  const secrets = new SecretsManagerClient(cloud.operator.client);
  await expect(secrets.send(new DescribeSecretCommand({ SecretId: '' }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining("at 'secretId' failed to satisfy constraint"),
  });
  const commands = new SSMClient(cloud.operator.client).send(new ListCommandsCommand({ MaxResults: 51 }));
  await expect(commands).rejects.toMatchObject({ name: 'ValidationException' });
  expect(cloud.breakdowns).toEqual([]);
  expect(cloud.unsupported).toEqual([]);
});
