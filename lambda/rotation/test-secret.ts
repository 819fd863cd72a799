import { Refusal, StillOpen, TargetFailed } from '../errors.ts';
import { type Deadline, timeToGoBackMs } from './deadline.ts';
import { readVersions, rotationOf, type Versions } from './load.ts';
import type { Rotation, SecretValue, Target } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { type Proof, prove } from './prove.ts';
import { recordProof } from './record.ts';
import { rollBack } from './roll-back.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * Proves that every target is on the pending credential, or goes back.
 *
 * Alone (`RotateSecret` with `RotateImmediately=false`, "test rotation") Secrets Manager runs this step on a temporary version
 * that holds what is current, or nothing: then it checks that what is in place works, and changes nothing.
 */
export async function testSecret(labels: SecretLabels, token: string, ports: Ports, deadline: Deadline): Promise<void> {
  const versions = await readVersionsIfAdopted(labels, token, ports);
  if (versions === undefined) return;
  const { current, pending } = versions;
  if (current.key !== undefined && (pending === undefined || pending.key.fingerprint === current.key.fingerprint)) {
    return checkInPlace(labels, token, current, ports, deadline);
  }
  // Before the first key there is nothing in use that could be checked.
  if (pending === undefined) return ports.archive.append({ event: 'secret.notEncrypted', secretId: labels.secretId });

  const rotation = rotationOf(labels, token, current, pending);
  const { failed, unasked } = await proveAll(pending.targets, rotation, ports, deadline);
  if (failed !== undefined) return rollBack(rotation, failed, ports, deadline);
  // Only silence is evidence. Secrets Manager repeats the rotation with the same token; until then both sides stay as they are.
  if (unasked !== undefined)
    throw new StillOpen(
      `${unasked.message}; nothing was changed back, AWSPENDING holds the new key; Secrets Manager tries again`,
    );
}

/**
 * Proves that these targets are on the pending credential, and writes down what was seen of each.
 *
 * @returns the first that is not, and the first of which nobody could say
 */
export async function proveAll(
  targets: readonly Target[],
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<{ readonly failed: TargetFailed | undefined; readonly unasked: TargetFailed | undefined }> {
  const forward = deadline.reserving(timeToGoBackMs(ports.patience)).within(ports.patience.proveMs);
  const claim = { rotation, wanted: rotation.pending, dead: rotation.current };
  const proofs = await sideBySide(targets, (target) => prove(target, claim, ports, forward));
  for (const proof of proofs) await recordProof(ports, rotation, proof);
  const failed = proofs.find(({ verdict }) => verdict.verdict !== 'proven' && verdict.verdict !== 'unknown');
  const unasked = proofs.find(({ verdict }) => verdict.verdict === 'unknown');
  return {
    failed: failed === undefined ? undefined : notProven(failed),
    unasked: unasked === undefined ? undefined : notProven(unasked),
  };
}

/**
 * Every deployment of a new secret makes Secrets Manager run this step on the placeholder. That nobody has adopted it yet is
 * no failure; a real rotation has been refused by createSecret before it comes here.
 */
async function readVersionsIfAdopted(
  labels: SecretLabels,
  token: string,
  { secrets, archive }: Ports,
): Promise<Versions | undefined> {
  try {
    return await readVersions(labels, token, secrets);
  } catch (error) {
    if (!(error instanceof Refusal) || (error.code !== 'SECRET_NOT_ADOPTED' && error.code !== 'SECRET_EMPTY'))
      throw error;
    await archive.append({ event: 'secret.notAdopted', secretId: labels.secretId, says: error.message });
    return undefined;
  }
}

function notProven({ target, verdict }: Proof): TargetFailed {
  const because = 'because' in verdict ? verdict.because : '';
  return new TargetFailed(
    'NOT_PROVEN',
    target.name,
    `${target.name} is not proven to be on its new key (${verdict.verdict}): ${because}`,
  );
}

async function checkInPlace(
  labels: SecretLabels,
  token: string,
  current: SecretValue,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  for (const target of current.targets) {
    const claim = { rotation: rotationOf(labels, token, current, current), wanted: current, dead: undefined };
    const proof = await prove(target, claim, ports, deadline.within(ports.patience.proveMs));
    await recordProof(ports, claim.rotation, proof);
    if (proof.verdict.verdict !== 'proven') {
      throw new Refusal(
        'NOT_IN_PLACE',
        `${target.name} is not proven to work with the key that ${labels.secretName} holds (${proof.verdict.verdict}): ${proof.verdict.because}; nothing was changed`,
      );
    }
  }
}
