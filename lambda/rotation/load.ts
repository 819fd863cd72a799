import { Refusal, StillOpen } from '../errors.ts';
import { beforeFirst, type CurrentValue, credentialIn, type Rotation, type SecretValue } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { lastUntil } from './waiting.ts';

/** What a secret's two versions hold: the only source of the old key, since Zabbix never gives one back. */
export interface Versions {
  readonly current: CurrentValue;
  /** Undefined: the version has no key yet. */
  readonly pending: SecretValue | undefined;
}

/** @throws {Refusal} for a secret that was never given a value */
export async function readVersions(labels: SecretLabels, token: string, secrets: Ports['secrets']): Promise<Versions> {
  return { current: await readCurrent(labels, secrets), pending: credentialIn(await secrets.read(labels, token)) };
}

export async function readCurrent(labels: SecretLabels, secrets: Ports['secrets']): Promise<CurrentValue> {
  const current = labels.current === undefined ? undefined : await secrets.read(labels, labels.current);
  if (current !== undefined) return current;
  throw new Refusal(
    'SECRET_EMPTY',
    `${labels.secretName} has no value yet; put the identity, the psk and the targets that are in use today there (README, "Adopt a host")`,
  );
}

/** The version of a rotation that has begun and not ended: AWSPENDING may stay on AWSCURRENT's version after a success. */
export function unfinishedVersion({ pending, current }: SecretLabels): string | undefined {
  return pending === current ? undefined : pending;
}

/** @throws {Refusal} for a secret that Secrets Manager does not rotate */
export function refuseUnlessEnabled({ rotationEnabled, secretName }: SecretLabels): void {
  if (rotationEnabled) return;
  throw new Refusal(
    'ROTATION_NOT_ENABLED',
    `${secretName} has no rotation configured; deploy the stack with it in the inventory, then rotate`,
  );
}

/** @throws {Refusal} unless the token carries AWSPENDING and nobody takes it back */
export function refuseUnlessPending({ pending, goingBack, secretName }: SecretLabels, token: string): void {
  if (pending === token && goingBack === token)
    throw new Refusal('GOING_BACK', `version ${token} of ${secretName} is being taken back by somebody else`);
  if (pending === token) return;
  throw new Refusal(
    'NOT_PENDING',
    `version ${token} of ${secretName} is not AWSPENDING: that rotation has ended; start a new one`,
  );
}

/** The rotation that a token stands for. */
export async function load(labels: SecretLabels, token: string, secrets: Ports['secrets']): Promise<Rotation> {
  const pending = credentialIn(await secrets.read(labels, token));
  if (pending === undefined) {
    throw new Refusal(
      'PENDING_EMPTY',
      `version ${token} of ${labels.secretName} holds no value: createSecret has not run for it; start a new rotation`,
    );
  }
  try {
    return rotationOf(labels, token, await readCurrent(labels, secrets), pending);
  } catch (error) {
    // The pending key may be in use by now: a refusal would take away the label of its only copy.
    if (error instanceof Refusal)
      throw new StillOpen(`${error.message}; its rotation (version ${token}) stays open`, { cause: error });
    throw error;
  }
}

export function rotationOf(
  { secretId, secretName, current: currentVersionId, waiting }: SecretLabels,
  versionId: string,
  current: CurrentValue,
  pending: SecretValue,
): Rotation {
  const ids = { secretId, secretName, versionId, currentVersionId, waitedUntil: lastUntil(waiting, versionId) };
  if (current.key === undefined) {
    // What a first encryption goes back to is no way back from any other: a host that has a key would lose it.
    if (pending.takes === undefined || pending.before !== beforeFirst(current))
      throw new StillOpen(
        `AWSCURRENT of ${secretName} says that its targets ${current.certificate === undefined ? 'are unencrypted' : 'use certificates'}, and version ${versionId} is not their first key: somebody has changed the value meanwhile; put that of AWSPREVIOUS into the secret again`,
      );
    return { ...ids, current: { ...current, takes: pending.takes }, pending };
  }
  // It was their first one once; given back to Zabbix it says no more what is taken beside it.
  return {
    ...ids,
    current: current.takes === undefined ? current : { ...current, takes: undefined, before: undefined },
    pending,
  };
}
