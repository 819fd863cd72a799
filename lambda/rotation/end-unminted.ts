import { readCurrent } from './load.ts';
import { nextCredential } from './mint.ts';
import { credentialIn } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { recordEnd } from './record.ts';

type Parties = Pick<Ports, 'secrets' | 'archive' | 'clock'>;

/**
 * A rotation that had begun and not minted a key has nothing to take back: it is told as refused, and its label goes. `createSecret`
 * may be about to park a key all the same. The mark comes first and stays when AWSPENDING goes, so that a key that is parked from
 * then on goes back; the hourly look takes it off.
 *
 * @returns false when a key was minted before the mark stood: then there is something to take back
 */
export async function endUnminted(
  labels: SecretLabels,
  token: string,
  because: string,
  ports: Parties,
): Promise<boolean> {
  const { secrets } = ports;
  await secrets.markGoingBack(labels.secretId, token);
  if (credentialIn(await secrets.read(labels, token)) !== undefined) return false;
  await tellRefused(labels, token, because, ports);
  await secrets.withdraw(labels.secretId, token);
  return true;
}

/**
 * The same, for whoever begins the next rotation at once: a key that is parked late would take AWSPENDING from that one. A version's
 * value is written once, so the version gets a key that nobody will ever use: whoever would park one finds it taken.
 *
 * @returns false when a key was minted first
 */
export async function giveUpUnminted(
  labels: SecretLabels,
  token: string,
  because: string,
  ports: Parties,
): Promise<boolean> {
  const { secrets } = ports;
  // A try that finds this key must not go forward with it.
  await secrets.markGoingBack(labels.secretId, token);
  if (!(await secrets.park(labels, token, nextCredential(await readCurrent(labels, secrets))))) return false;
  await tellRefused(labels, token, because, ports);
  await secrets.discard(labels.secretId, token);
  return true;
}

/** The record comes before the label goes: then nobody comes back to this rotation. */
function tellRefused(
  { secretId, secretName }: SecretLabels,
  token: string,
  because: string,
  ports: Parties,
): Promise<void> {
  return recordEnd(ports, { secretId, secretName, token, outcome: 'refused', because, targets: [] });
}
