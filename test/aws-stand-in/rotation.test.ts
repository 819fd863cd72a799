import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import type { Cloud } from '../lab/aws/cloud.ts';
import type { EventRecord } from '../lab/aws/records.ts';
import { aCloud, planned } from './a-cloud.ts';

const SecretId = 'zabbix-psk/web-01';
const token = 'a-token-of-the-test-that-is-long-enough';

test('a rotation runs the four steps, promotes the new version and tells so in events', async () => {
  const cloud = await aCloud();

  const end = await cloud.rotate(SecretId, { token });

  expect(end).toMatchObject({ outcome: 'succeeded', attempts: 1, versionId: token, failures: [] });
  expect(stepsOf(cloud)).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  expect(names(end.events)).toEqual(['RotationStarted', 'RotationSucceeded']);
  expect(end.events[0]).toMatchObject({
    source: 'aws.secretsmanager',
    'detail-type': 'AWS Service Event via CloudTrail',
    detail: { eventType: 'AwsServiceEvent', additionalEventData: { SecretId: end.secretArn } },
  });
  const secrets = client(cloud);
  expect(await secrets.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
    VersionId: token,
    SecretString: `value of ${token}`,
  });
  const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId }));
  expect(VersionIdsToStages?.[token]?.sort()).toEqual(['AWSCURRENT', 'AWSPENDING']);
  expect(
    Object.values(VersionIdsToStages ?? {})
      .flat()
      .sort(),
  ).toEqual(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']);
  expect(cloud.denials).toEqual([]);
  expect(cloud.breakdowns).toEqual([]);
});

test('AWSPENDING sits on an empty version when the first step starts', async () => {
  const cloud = await aCloud();

  await cloud.rotate(SecretId, { token });

  const reads = cloud.requests.filter(({ action }) => action === 'secretsmanager:GetSecretValue');
  expect(reads[0]).toMatchObject({ status: 400, errorCode: 'ResourceNotFoundException', secretStore: true });
});

test('a failed step makes the whole rotation start again with the same token, a few times', async () => {
  const cloud = await aCloud({ edit: planned('fail setSecret') });

  const end = await cloud.rotate(SecretId);

  expect(end).toMatchObject({ outcome: 'failed', attempts: 3 });
  expect(end.failures[0]).toMatchObject({ step: 'setSecret', errorMessage: 'planned failure of setSecret' });
  expect(stepsOf(cloud)).toEqual(Array.from({ length: 3 }, () => ['createSecret', 'setSecret']).flat());
  expect(new Set(cloud.invocations.map(({ event }) => JSON.stringify(event).match(/Token":"([^"]+)/)?.[1])).size).toBe(
    2,
  );
  expect(names(end.events)).toEqual(['RotationStarted', 'RotationFailed', 'RotationFailed', 'RotationFailed']);
});

test('a rotation whose window has closed is not tried again', async () => {
  const cloud = await aCloud({ edit: planned('fail setSecret'), habits: { closedWindows: [SecretId] } });
  expect(await cloud.rotate(SecretId)).toMatchObject({ outcome: 'failed', attempts: 1 });
});

test('a retry that works ends the rotation well', async () => {
  const cloud = await aCloud();
  cloud.faults.serverError('secretsmanager:PutSecretValue');

  expect(await cloud.rotate(SecretId)).toMatchObject({ outcome: 'succeeded', attempts: 2 });
});

test('a leftover AWSPENDING refuses the next rotation and takes the old one up again', async () => {
  const cloud = await aCloud({ habits: { rotationRetries: 0 } });
  cloud.faults.serverError('secretsmanager:PutSecretValue');
  expect(await cloud.rotate(SecretId, { token })).toMatchObject({ outcome: 'failed' });

  await expect(cloud.rotate(SecretId)).rejects.toThrow(
    "A previous rotation isn't complete. That rotation will be reattempted.",
  );

  expect(await cloud.rotationEnded(SecretId)).toMatchObject({ outcome: 'succeeded', versionId: token });
});

test('taking AWSPENDING away ends the rotation as failed, without a retry', async () => {
  const cloud = await aCloud({ edit: planned('roll back') });

  const end = await cloud.rotate(SecretId);

  expect(end).toMatchObject({ outcome: 'failed', attempts: 1, failures: [{ errorMessage: 'rolled back' }] });
  const { VersionIdsToStages } = await client(cloud).send(new DescribeSecretCommand({ SecretId }));
  expect(Object.values(VersionIdsToStages ?? {})).toEqual([['AWSCURRENT']]);
});

test('writing another version during a rotation makes Secrets Manager abandon it', async () => {
  const cloud = await aCloud({ edit: planned('fail createSecret'), habits: { rotationRetryMs: 60_000 } });
  await client(cloud).send(new RotateSecretCommand({ SecretId }));
  await client(cloud).send(new PutSecretValueCommand({ SecretId, SecretString: 'by hand' }));

  const end = await cloud.rotationEnded(SecretId);

  expect(end.outcome).toBe('abandoned');
  expect(names(end.events)).toContain('RotationAbandoned');
});

test('a test rotation runs testSecret alone, on a version with the current value that is gone afterwards', async () => {
  const cloud = await aCloud();

  const end = await cloud.rotate(SecretId, { testOnly: true, token });

  expect(end).toMatchObject({ outcome: 'succeeded', kind: 'test' });
  expect(stepsOf(cloud)).toEqual(['testSecret']);
  expect(names(end.events)).toEqual(['TestRotationStarted', 'TestRotationSucceeded']);
  const versions = await client(cloud).send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  expect(versions.Versions?.map(({ VersionStages }) => VersionStages)).toEqual([['AWSCURRENT']]);
});

test('a new schedule that must not rotate tests the rotation behind the deployment', async () => {
  const cloud = await aCloud({ habits: { testRotationAtDeploy: true } });
  await cloud.settled();
  expect(stepsOf(cloud)).toEqual(['testSecret']);
});

test('a pending version that somebody else wrote fails the rotation', async () => {
  const cloud = await aCloud({ habits: { rotationRetries: 0, rotationStartMs: 50 } });
  const secrets = client(cloud);
  await secrets.send(new RotateSecretCommand({ SecretId, ClientRequestToken: token }));
  const put = { SecretId, ClientRequestToken: token, SecretString: 'mine', VersionStages: ['AWSPENDING'] };
  await secrets.send(new PutSecretValueCommand(put));

  const end = await cloud.rotationEnded(SecretId);

  expect(end.failures[0]?.errorMessage).toMatch(/was not created by Lambda/);
});

test('the same token with the same value is nothing new, with another value it is refused', async () => {
  const cloud = await aCloud();
  const secrets = client(cloud);
  const put = (SecretString: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId, ClientRequestToken: token, SecretString }));
  await put('one');
  await expect(put('one')).resolves.toMatchObject({ VersionId: token });
  await expect(put('two')).rejects.toMatchObject({ name: 'ResourceExistsException' });
});

test('moving AWSCURRENT needs the name of the version that loses it', async () => {
  const cloud = await aCloud();
  const secrets = client(cloud);
  const put = { SecretId, ClientRequestToken: token, SecretString: 'next', VersionStages: ['CANDIDATE'] };
  await secrets.send(new PutSecretValueCommand(put));
  const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token };

  await expect(secrets.send(new UpdateSecretVersionStageCommand(move))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  await expect(
    secrets.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: token })),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('a version just written is not found by its id at first', async () => {
  const cloud = await aCloud();
  const secrets = client(cloud);
  await secrets.send(new PutSecretValueCommand({ SecretId, ClientRequestToken: token, SecretString: 'new' }));
  const read = () => secrets.send(new GetSecretValueCommand({ SecretId, VersionId: token }));
  await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(read()).resolves.toMatchObject({ SecretString: 'new' });
});

test('a function killed after a call leaves the world as that call made it, and the retry finishes', async () => {
  const cloud = await aCloud();
  cloud.faults.killAfterCall(2);

  const end = await cloud.rotate(SecretId, { token });

  expect(end).toMatchObject({ outcome: 'succeeded', attempts: 2 });
  expect(end.failures[0]).toMatchObject({ step: 'createSecret', errorType: 'Runtime.ExitError' });
});

function client(cloud: Cloud): SecretsManagerClient {
  return new SecretsManagerClient(cloud.operator.client);
}

function stepsOf(cloud: Cloud): string[] {
  return cloud.invocations.flatMap(({ event }) => JSON.stringify(event).match(/"Step":"([^"]+)"/)?.[1] ?? []);
}

function names(events: readonly EventRecord[]): string[] {
  return events.map(({ detail }) => JSON.stringify(detail).match(/"eventName":"([^"]+)"/)?.[1] ?? '');
}
