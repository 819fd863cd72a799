import { describe } from 'vitest';
import { firstVersion } from '../fakes/secrets-manager.ts';
import { aWorld } from '../stories/world.ts';
import { secretStoreContract } from './secret-store.ts';

describe("the fakes' Secrets Manager", () => {
  secretStoreContract(async () => {
    const { ports, secrets } = aWorld();
    const value = secrets.values.get(firstVersion);
    if (value === undefined) throw new RangeError('a fake secret has a value');
    return {
      store: ports.secrets,
      secretName: secrets.secretName,
      value,
      begin: (token) => secrets.begin(token),
      delete() {
        secrets.deleted = true;
      },
    };
  });
});
