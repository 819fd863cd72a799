import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, onTestFinished } from 'vitest';
import type { SecretValue } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { secretStore } from '../../lambda/secrets/secret-store.ts';
import { aCloud } from '../aws-stand-in/a-cloud.ts';
import { attach } from '../lab/aws/secrets-manager/labels.ts';
import { findAlive, type Version } from '../lab/aws/secrets-manager/secret.ts';
import { secretStoreContract } from './secret-store.ts';

const secretName = 'zabbix-psk/web-01';

const clock = {
  now: () => ({ ms: Date.now() }),
  // The pauses between two looks for a value that is not there.
  sleep: () => Promise.resolve(),
};

describe('the adapter, on the stand-in for Secrets Manager', () => {
  secretStoreContract(async () => {
    const { operator, world } = await aCloud();
    const client = new SecretsManagerClient(operator.client);
    onTestFinished(() => client.destroy());
    const value: SecretValue = {
      identity: 'web',
      key: PskKey.mint(32),
      targets: [{ kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: 'auto' }],
      identityMode: 'new',
      keyBytes: 32,
    };
    const { identity, key, targets } = value;
    const SecretString = JSON.stringify({ identity, psk: key.reveal(), targets });
    await client.send(new PutSecretValueCommand({ SecretId: secretName, SecretString }));
    const secret = findAlive(world, secretName);
    return {
      store: secretStore(client, clock),
      secretName,
      value,
      begin(token) {
        const nowMs = Date.now();
        const none = { value: undefined, labels: new Set<string>(), writtenBy: undefined };
        const version: Version = { id: token, ...none, createdMs: nowMs, writtenMs: nowMs, hiddenReads: 0 };
        secret.versions.set(token, version);
        attach(secret, 'AWSPENDING', version);
      },
      delete() {
        secret.deletedMs = Date.now();
      },
    };
  });
});
