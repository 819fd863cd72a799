import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { ManualClock } from '../lab/aws/clock.ts';
import type { Cloud } from '../lab/aws/cloud.ts';
import { aCloud } from './a-cloud.ts';

const SecretId = 'zabbix-psk/web-01';
const dayMs = 24 * 3600 * 1000;

test('a secret holds a hundred versions: none that is younger than a day makes room for another', async () => {
  const clock = new ManualClock();
  const cloud = await aCloud({ clock, habits: { versionHiddenReads: 0 } });
  const secrets = client(cloud);
  const put = async (SecretString: string) => {
    await clock.advance(1000);
    return secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  };
  const { VersionId: oldest } = await put('the second');
  for (let nth = 3; nth <= 100; nth += 1) await put(String(nth));

  await expect(put('one more')).rejects.toMatchObject({ name: 'LimitExceededException' });

  await clock.advance(dayMs);
  await expect(put('one more')).resolves.toBeDefined();
  await expect(put('and another')).resolves.toBeDefined();
  const read = secrets.send(new GetSecretValueCommand({ SecretId, VersionId: oldest }));
  await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect(cloud.breakdowns).toEqual([]);
});

test('a version carries twenty labels', async () => {
  const cloud = await aCloud();
  const secrets = client(cloud);
  const VersionStages = Array.from({ length: 20 }, (_, nth) => `LABEL-${nth}`);
  const { VersionId } = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'x', VersionStages }));
  const label = (VersionStage: string) =>
    secrets.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage, MoveToVersionId: VersionId }));
  await expect(label('LABEL-7')).resolves.toBeDefined();
  await expect(label('ONE-MORE')).rejects.toMatchObject({ name: 'LimitExceededException' });
  await secrets.send(
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'LABEL-7', RemoveFromVersionId: VersionId }),
  );
  await expect(label('ONE-MORE')).resolves.toBeDefined();
});

test('Secrets Manager takes fifty writes a second, of values and labels together', async () => {
  const clock = new ManualClock();
  const cloud = await aCloud({ clock });
  const secrets = client(cloud);
  const put = () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' }));
  const { VersionId } = await put();
  for (let nth = 2; nth <= 50; nth += 1)
    await secrets.send(
      new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'MINE', MoveToVersionId: VersionId }),
    );

  await expect(put()).rejects.toMatchObject({ name: 'ThrottlingException' });
  await expect(secrets.send(new GetSecretValueCommand({ SecretId }))).resolves.toBeDefined();

  await clock.advance(1000);
  await expect(put()).resolves.toBeDefined();
});

/** Asks once: what is refused is not hidden by the SDK's retries. */
function client(cloud: Cloud): SecretsManagerClient {
  return new SecretsManagerClient({ ...cloud.operator.client, maxAttempts: 1 });
}
