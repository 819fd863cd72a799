import { Refusal, StillOpen } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { finishAgain } from './finish-secret.ts';
import { load, readCurrent, refuseUnlessPending } from './load.ts';
import { nextCredential } from './mint.ts';
import { type CurrentValue, credentialIn, isOfAutoregistration, type KeylessValue } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { preflightAutoregistration } from './preflight-autoregistration.ts';
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
  const current = await readCurrentOrStayOpen(labels, token, secrets);
  // The last rotation may have died before its record, and the mark that tells so goes with the key that is parked now.
  if (await finishAgain(labels, ports, deadline)) {
    // That takes a while, in which this rotation may have been ended: parking would bring its label back.
    refuseUnlessPending(await secrets.labels(labels.secretId), token);
  }
  // One that has begun ends as it began.
  if (current.key === undefined && !isAsked(current) && credentialIn(await secrets.read(labels, token)) === undefined)
    throw notAsked(current, labels);
  const next = nextCredential(current);
  if (current.key !== undefined && isOfAutoregistration(current) && (await secrets.read(labels, token)) === undefined)
    await preflightAutoregistration(current, next, labels, token, ports);
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

/** Nothing is encrypted for the first time by accident: the value says that there is no key, and the inventory that there is to be one. */
function isAsked({ takes, certificate }: KeylessValue): boolean {
  return takes === 'only-psk' || (takes !== undefined && certificate === undefined);
}

function notAsked({ certificate, takes }: KeylessValue, { secretName }: SecretLabels): Refusal {
  if (takes !== undefined)
    return new Refusal(
      'FIRST_ENCRYPTION_TOO_OPEN',
      `${secretName} says that its targets use certificates, and the inventory asks for "firstEncryption": "unencrypted-too", with which Zabbix would take unencrypted connections that it refuses today; put "only-psk" into its entry and deploy`,
    );
  return new Refusal(
    'FIRST_ENCRYPTION_NOT_ASKED',
    `${secretName} says that its targets ${certificate === undefined ? 'are unencrypted' : 'use certificates'}, and the inventory asks for no first encryption; put "firstEncryption": "only-psk" into its entry and deploy, or put the identity and psk in use into the secret`,
  );
}

/** A key that an earlier try has parked may be in use by now: a refusal would take away the label of its only copy. */
async function readCurrentOrStayOpen(
  labels: SecretLabels,
  token: string,
  secrets: Ports['secrets'],
): Promise<CurrentValue> {
  try {
    return await readCurrent(labels, secrets);
  } catch (error) {
    if (!(error instanceof Refusal) || credentialIn(await secrets.read(labels, token)) === undefined) throw error;
    throw new StillOpen(`${error.message}; its rotation (version ${token}) stays open`, { cause: error });
  }
}
