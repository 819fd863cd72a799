import { nextIdentity } from './identity.ts';
import type { SecretValue } from './model.ts';
import { PskKey } from './psk.ts';

/** What comes after a credential: a new key and, unless it is fixed, a new identity. */
export function nextCredential(current: SecretValue): SecretValue {
  return {
    ...current,
    identity: current.identityMode === 'fixed' ? current.identity : nextIdentity(baseOf(current)),
    key: PskKey.mint(current.keyBytes),
  };
}

/** Who leaves an identity to others is not to be taken for one of them by the next. */
function baseOf({ identity, leaves, targets: [first] }: SecretValue): string {
  return leaves === identity ? first.name : identity;
}
