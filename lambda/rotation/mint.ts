import { nextIdentity } from './identity.ts';
import type { SecretValue } from './model.ts';
import { PskKey } from './psk.ts';

/** What comes after a credential: a new key and, unless it is fixed, a new identity. */
export function nextCredential(current: SecretValue): SecretValue {
  return {
    ...current,
    identity: current.identityMode === 'fixed' ? current.identity : nextIdentity(current.identity),
    key: PskKey.mint(current.keyBytes),
  };
}
