import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  paginateListSecrets,
  ResourceExistsException,
  ResourceNotFoundException,
  RotateSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { doors, firstEncryptionTagKey, goingBackLabel, secretNamePrefix, unrecordedLabel } from '../contract.ts';
import { Refusal } from '../errors.ts';
import type { Clock, SecretLabels, SecretStore, Unfinished } from '../rotation/ports.ts';
import { parseSecretValue, writeSecretValue } from './secret-value.ts';
import { lastOf, waitingLabel, waitingOf } from './waiting-label.ts';

/** A value is visible a moment after it was taken; the pauses between looks, in milliseconds. */
const pausesMs = [200, 400, 800, 1_600];

/** Secrets Manager as the story sees it. Versions are read by id, never by label: labels lag behind (aws-sdk-js-v3 #7701). */
export function secretStore(client: SecretsManagerClient, clock: Clock): SecretStore {
  /**
   * Texts by version, for as long as this environment lives: a version's text never changes ("you can't modify an existing
   * version", PutSecretValue in the Secrets Manager API reference), and one rotation reads its two versions in every step.
   */
  const texts = new Map<string, string>();

  async function text(secretId: string, versionId: string): Promise<string | undefined> {
    const known = texts.get(`${secretId} ${versionId}`);
    if (known !== undefined) return known;
    try {
      const { SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId }),
      );
      if (SecretString !== undefined) texts.set(`${secretId} ${versionId}`, SecretString);
      return SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async function textSoon(secretId: string, versionId: string): Promise<string | undefined> {
    for (const pauseMs of pausesMs) {
      const found = await text(secretId, versionId);
      if (found !== undefined) return found;
      await clock.sleep(pauseMs);
    }
    return text(secretId, versionId);
  }

  async function takeOff(label: string, secretId: string, versionId: string): Promise<void> {
    await client.send(
      new UpdateSecretVersionStageCommand({ SecretId: secretId, VersionStage: label, RemoveFromVersionId: versionId }),
    );
  }

  return {
    async labels(secretId) {
      const found = await describe(client, secretId);
      const stages = Object.entries(found.VersionIdsToStages ?? {});
      const carrying = (label: string) => stages.find(([, labels]) => labels.includes(label))?.[0];
      const pending = carrying('AWSPENDING');
      const asked = found.Tags?.find(({ Key }) => Key === firstEncryptionTagKey)?.Value;
      return {
        secretId: found.ARN ?? secretId,
        secretName: found.Name ?? secretId,
        rotationEnabled: found.RotationEnabled === true,
        current: carrying('AWSCURRENT'),
        pending,
        previous: carrying('AWSPREVIOUS'),
        goingBack: carrying(goingBackLabel),
        unrecorded: carrying(unrecordedLabel),
        waiting: stages.flatMap(([versionId, labels]) => waitingOf(versionId, labels)),
        changed: { ms: found.LastChangedDate?.getTime() ?? 0 },
        firstEncryption: doors.find((door) => door === asked),
      };
    },

    async read({ secretId, secretName, firstEncryption }, versionId) {
      const found = await textSoon(secretId, versionId);
      return found === undefined ? undefined : parseSecretValue(found, secretName, firstEncryption);
    },

    async park(labels, versionId, value) {
      const next = writeSecretValue(await currentText(labels, textSoon), value, labels.secretName);
      try {
        await client.send(
          new PutSecretValueCommand({
            SecretId: labels.secretId,
            ClientRequestToken: versionId,
            SecretString: next,
            // In the same call, so that no key is ever in use whose rotation nobody would look for.
            VersionStages: ['AWSPENDING', unrecordedLabel],
          }),
        );
        texts.set(`${labels.secretId} ${versionId}`, next);
        return true;
      } catch (error) {
        if (error instanceof ResourceExistsException) return false;
        throw error;
      }
    },

    async promote(secretId, { from, to }) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: to,
          RemoveFromVersionId: from,
        }),
      );
      texts.delete(`${secretId} ${from}`);
    },

    async markGoingBack(secretId, versionId) {
      const labels = (await describe(client, secretId)).VersionIdsToStages ?? {};
      const [marked] = Object.entries(labels).find(([, stages]) => stages.includes(goingBackLabel)) ?? [];
      if (marked === versionId) return true;
      const isPending = (version: string) => labels[version]?.includes('AWSPENDING') === true;
      if (marked !== undefined && isPending(marked) && !isPending(versionId)) throw markIsNeeded(marked, versionId);
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: goingBackLabel,
          MoveToVersionId: versionId,
          RemoveFromVersionId: marked,
        }),
      );
      return false;
    },

    unmarkGoingBack: (secretId, versionId) => takeOff(goingBackLabel, secretId, versionId),

    markRecorded: (secretId, versionId) => takeOff(unrecordedLabel, secretId, versionId),

    async markWaiting(secretId, waiting) {
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: waitingLabel(waiting),
          MoveToVersionId: waiting.versionId,
        }),
      );
    },

    unmarkWaiting: (secretId, waiting) => takeOff(waitingLabel(waiting), secretId, waiting.versionId),

    async discard(secretId, versionId) {
      const stages = (await describe(client, secretId)).VersionIdsToStages?.[versionId] ?? [];
      const waiting = waitingOf(versionId, stages).map(waitingLabel);
      // In this order whoever dies between two of them leaves one by which a repair finds it.
      for (const label of [...waiting, unrecordedLabel, 'AWSPENDING', goingBackLabel]) {
        if (stages.includes(label)) await takeOff(label, secretId, versionId);
      }
      texts.delete(`${secretId} ${versionId}`);
    },

    async withdraw(secretId, versionId) {
      const stages = async () => (await describe(client, secretId)).VersionIdsToStages?.[versionId] ?? [];
      if (!(await stages()).includes('AWSPENDING')) return;
      await takeOff('AWSPENDING', secretId, versionId);
      // With a key that was parked between the two came the other label: it alone would tell of a rotation without an end.
      const left = await stages();
      if (left.includes(unrecordedLabel) && !left.includes('AWSPENDING'))
        await takeOff(unrecordedLabel, secretId, versionId);
    },

    async rotate(secretId, versionId) {
      await client.send(new RotateSecretCommand({ SecretId: secretId, ClientRequestToken: versionId }));
    },

    async unfinished() {
      const found: Unfinished[] = [];
      const pages = paginateListSecrets({ client }, { Filters: [{ Key: 'name', Values: [secretNamePrefix] }] });
      for await (const { SecretList } of pages) {
        for (const { ARN, LastChangedDate, SecretVersionsToStages } of SecretList ?? []) {
          const stages = Object.values(SecretVersionsToStages ?? {});
          const open = stages.some((labels) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'));
          // Its remover died after AWSPENDING and before the mark, or its function after AWSCURRENT and before the record.
          const marked = stages.some((labels) => labels.includes(goingBackLabel) || labels.includes(unrecordedLabel));
          const waitsUntil = lastOf(stages.flatMap((labels) => waitingOf('', labels)));
          if ((open || marked || waitsUntil !== undefined) && ARN !== undefined)
            found.push({ secretId: ARN, waitsUntil, changed: { ms: LastChangedDate?.getTime() ?? 0 } });
        }
      }
      return found;
    },
  };
}

async function describe(client: SecretsManagerClient, secretId: string) {
  try {
    return await client.send(new DescribeSecretCommand({ SecretId: secretId }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof ResourceNotFoundException) {
      throw new Refusal(
        'SECRET_UNKNOWN',
        `Secrets Manager has no secret "${secretId}" in this account and Region; correct the name`,
        { cause: error },
      );
    }
    if (error.name === 'AccessDeniedException') {
      throw new Refusal(
        'SECRET_NOT_OURS',
        `this function may not see the secret "${secretId}"; it rotates only the secrets of its own inventory`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** What the owner wrote beside identity and key travels on to the next version. */
async function currentText(
  { secretId, current }: SecretLabels,
  text: (secretId: string, versionId: string) => Promise<string | undefined>,
): Promise<string> {
  return (current === undefined ? undefined : await text(secretId, current)) ?? '{}';
}

/** There is one mark, and without it what is being taken back would go forward again. */
export function markIsNeeded(marked: string, versionId: string): Refusal {
  return new Refusal(
    'NOT_PENDING',
    `version ${versionId} is not AWSPENDING any more, and version ${marked} is being taken back`,
  );
}
