import { goingBackLabel, secretNamePrefix, unrecordedLabel } from '../../lambda/contract.ts';
import { Refusal } from '../../lambda/errors.ts';
import type { SecretStore } from '../../lambda/rotation/ports.ts';
import { markIsNeeded } from '../../lambda/secrets/secret-store.ts';
import { lastOf, waitingLabel } from '../../lambda/secrets/waiting-label.ts';
import type { Invocation } from './invocation.ts';
import type { FakeSecret, FakeSecretsManager } from './secrets-manager.ts';

/** Secrets Manager as one invocation of ours meets it. */
export function fakeSecretStore(invocation: Invocation, manager: FakeSecretsManager): SecretStore {
  function call<T>(action: string, secretId: string, effect: (secret: FakeSecret) => T): Promise<T> {
    return invocation.call(
      `secretsmanager:${action}`,
      () => {
        const secret = manager.find(secretId);
        if (secret === undefined)
          throw new Refusal('SECRET_UNKNOWN', `Secrets Manager has no secret "${secretId}" in this account and Region`);
        if (secret.deleted && action !== 'DescribeSecret') throw new Error('it was marked for deletion');
        if (secret.keyDisabled && action.endsWith('SecretValue')) throw new Error('its KMS key is disabled');
        return effect(secret);
      },
      (silent) => new Error(silent ? 'socket hang up' : 'Rate exceeded'),
    );
  }

  const describe = <T>(secretId: string, effect: (secret: FakeSecret) => T) => call('DescribeSecret', secretId, effect);
  const move = (label: string, secretId: string, effect: (secret: FakeSecret) => void) =>
    call(`UpdateSecretVersionStage ${label}`, secretId, effect);

  const takeOff = (label: string, id: string, versionId: string) =>
    move(label, id, (secret) => {
      if (secret.labelled(label) === versionId) return secret.takeOff(label, versionId);
      throw new Error(`Staging label ${label} is not attached to version ${versionId}`);
    });

  return {
    labels: (id) => describe(id, (secret) => secret.labels()),
    read: (labels, versionId) => call('GetSecretValue', labels.secretId, (secret) => secret.read(labels, versionId)),

    park: (labels, versionId, value) =>
      call('PutSecretValue', labels.secretId, (secret) => {
        manager.keys.set(value.key.fingerprint, value.key);
        return secret.park(labels, versionId, value);
      }),

    promote: (id, change) => move('AWSCURRENT', id, (secret) => secret.promote(id, change)),

    async markGoingBack(id, versionId) {
      const { marked, pending } = await describe(id, (secret) => ({
        marked: secret.labelled(goingBackLabel),
        pending: secret.labelled('AWSPENDING'),
      }));
      if (marked === versionId) return true;
      if (marked !== undefined && marked === pending) throw markIsNeeded(marked, versionId);
      await move(goingBackLabel, id, (secret) => {
        if (secret.labelled(goingBackLabel) === marked) return secret.markGoingBack(id, versionId);
        throw new Error(`Staging label ${goingBackLabel} is not attached to version ${marked}`);
      });
      return false;
    },

    unmarkGoingBack: (id, versionId) => takeOff(goingBackLabel, id, versionId),

    markRecorded: (id, versionId) => takeOff(unrecordedLabel, id, versionId),

    markWaiting(id, waiting) {
      const label = waitingLabel(waiting);
      return move(label, id, (secret) => secret.mark(label, waiting.versionId));
    },

    unmarkWaiting: (id, waiting) => takeOff(waitingLabel(waiting), id, waiting.versionId),

    async discard(id, versionId) {
      const carried = await describe(id, (secret) => [
        ...secret.waiting.filter((one) => one.versionId === versionId).map(waitingLabel),
        ...[unrecordedLabel, 'AWSPENDING', goingBackLabel].filter((label) => secret.labelled(label) === versionId),
      ]);
      for (const label of carried) await takeOff(label, id, versionId);
    },

    async withdraw(id, versionId) {
      if (!(await describe(id, (secret) => secret.labelled('AWSPENDING') === versionId))) return;
      await takeOff('AWSPENDING', id, versionId);
      const isLeft = await describe(
        id,
        (secret) => secret.labelled(unrecordedLabel) === versionId && secret.labelled('AWSPENDING') !== versionId,
      );
      if (isLeft) await takeOff(unrecordedLabel, id, versionId);
    },

    rotate: (id, versionId) =>
      call('RotateSecret', id, (secret) => {
        if (!secret.rotate(versionId)) throw new Error("a previous rotation isn't complete");
      }),

    unfinished: () =>
      invocation.call(
        'secretsmanager:ListSecrets',
        () =>
          manager.secrets
            .filter(({ deleted }) => !deleted)
            .filter(
              (secret) =>
                secret.unfinished !== undefined ||
                secret.labelled(goingBackLabel) !== undefined ||
                secret.labelled(unrecordedLabel) !== undefined ||
                secret.waiting.length > 0,
            )
            .filter(({ secretName }) => secretName.startsWith(secretNamePrefix))
            .map(({ secretId, changed, waiting }) => ({ secretId, changed, waitsUntil: lastOf(waiting) })),
        () => new Error('Rate exceeded'),
      ),
  };
}
