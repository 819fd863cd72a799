import { nextIdentity } from './identity.ts';
import { beforeFirst, type CurrentValue, type SecretValue } from './model.ts';
import { PskKey } from './psk.ts';

/** What comes after a credential, or before any: a new key and, unless it is fixed, a new identity. */
export function nextCredential(current: CurrentValue): SecretValue {
  if (current.key === undefined) {
    // Where nobody asks for it no rotation begins, and what is minted all the same is never used.
    const { firstIdentity, takes = 'only-psk', certificate: _, ...shared } = current;
    const identity = current.identityMode === 'fixed' ? firstIdentity : nextIdentity(firstIdentity);
    return { ...shared, takes, before: beforeFirst(current), identity, key: PskKey.mint(current.keyBytes) };
  }
  return {
    ...current,
    takes: undefined,
    before: undefined,
    identity: current.identityMode === 'fixed' ? current.identity : nextIdentity(baseOf(current)),
    key: PskKey.mint(current.keyBytes),
  };
}

/** Who leaves an identity to others is not to be taken for one of them by the next. */
function baseOf({ identity, leaves, targets: [first] }: SecretValue): string {
  return leaves === identity ? first.name : identity;
}
