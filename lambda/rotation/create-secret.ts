import type { Deadline } from './deadline.ts';
import { finishAgain } from './finish-secret.ts';
import { nextIdentity } from './identity.ts';
import { readCurrent } from './load.ts';
import type { SecretValue } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { PskKey } from './psk.ts';

/**
 * Mints the next key and parks it as AWSPENDING, before anything is touched: the secret is the write-ahead log.
 * What a retry mints goes nowhere: the version keeps the value that the first try has parked.
 */
export async function createSecret(
  labels: SecretLabels,
  token: string,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  const { secrets, archive } = ports;
  // The last rotation may have died before its record, and the mark that tells so goes with the key that is parked now.
  await finishAgain(labels, ports, deadline);
  const current = await readCurrent(labels, secrets);

  const next: SecretValue = {
    ...current,
    identity: current.identityMode === 'fixed' ? current.identity : nextIdentity(current.identity),
    key: PskKey.mint(current.keyBytes),
  };
  if (!(await secrets.park(labels, token, next))) return;
  await archive.append({
    event: 'credential.minted',
    secretId: labels.secretId,
    token,
    identity: next.identity,
    fingerprint: next.key.fingerprint,
    keyBytes: next.keyBytes,
  });
}
