import type { Deadline } from './deadline.ts';
import { finishAgain } from './finish-secret.ts';
import { load, readCurrent, refuseUnlessPending } from './load.ts';
import { nextCredential } from './mint.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { seeEarlierTry } from './see-earlier-try.ts';

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
  if (await finishAgain(labels, ports, deadline)) {
    // That takes a while, in which this rotation may have been ended: parking would bring its label back.
    refuseUnlessPending(await secrets.labels(labels.secretId), token);
  }
  const next = nextCredential(await readCurrent(labels, secrets));
  if (!(await secrets.park(labels, token, next)))
    return seeEarlierTry(await load(labels, token, secrets), ports, deadline);
  await archive.append({
    event: 'credential.minted',
    secretId: labels.secretId,
    token,
    identity: next.identity,
    fingerprint: next.key.fingerprint,
    keyBytes: next.keyBytes,
  });
}
