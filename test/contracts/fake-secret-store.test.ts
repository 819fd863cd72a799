import { describe } from 'vitest';
import { aWorld } from '../stories/world.ts';
import { secretStoreContract } from './secret-store.ts';

describe("the fakes' Secrets Manager", () => {
  secretStoreContract(async () => {
    const { ports, secrets, value } = aWorld();
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
