import { Refusal, RotationRolledBack, StillOpen, StillWaiting, Stranded, sentence } from '../errors.ts';
import { bringBack } from './bring-back.ts';
import type { Deadline } from './deadline.ts';
import { forget } from './forget.ts';
import { fingerprintOf, type Rotation } from './model.ts';
import { oncePerNode } from './node-mates.ts';
import type { Ports } from './ports.ts';
import type { Proof } from './prove.ts';
import { recordedProxy } from './proxy-before.ts';
import { recordEnd, targetRecord } from './record.ts';
import { reloadsOf } from './reload.ts';
import { rolledBackSentence, strandedSentence } from './say-what-is-true.ts';
import { sideBySide } from './side-by-side.ts';
import { takeBackPromotion } from './take-back-promotion.ts';

/**
 * Takes every target back to the key that is AWSCURRENT. Asks reality, not memory: it may be another's rotation that is taken
 * back, and somebody else may be at it at the same time.
 *
 * @throws {RotationRolledBack} when every target is proven to be on the old key; AWSPENDING is gone
 * @throws {Stranded} when one is not; AWSPENDING stays, since it may be the only copy of a key in use
 * @throws {StillOpen} when somebody has finished the rotation meanwhile, or that cannot be told; nothing was touched
 * @throws {StillWaiting} while a proxy may take longer to have the old key than this invocation lasts
 */
export async function rollBack(rotation: Rotation, cause: unknown, ports: Ports, deadline: Deadline): Promise<never> {
  const { secretId, secretName, versionId } = rotation;
  const begun = await decide(rotation, cause, ports);
  await refuseIfPromoted(rotation, cause, begun, ports);

  const failures: unknown[] = [];
  let proofs: readonly Proof[] | undefined;
  try {
    const brought = await bringBack(rotation, begun, ports, deadline, failures);
    proofs = brought.every((proof) => isBack(proof, rotation))
      ? await forgetAll(brought, rotation, ports, deadline)
      : brought;
  } catch (error) {
    if (error instanceof StillWaiting)
      throw new StillWaiting(`${sentence(cause)}; ${error.message}, and goes back then by itself`, { cause });
    if (error instanceof StillOpen) throw new StillOpen(`${sentence(cause)}; ${error.message}`, { cause: error });
    failures.push(error);
  }

  const notBack = (proofs ?? []).filter((proof) => !isBack(proof, rotation));
  const recorded = async (proof: Proof) => ({
    ...targetRecord(proof),
    ...(await reloadsOf(proof.target, ports)),
    ...(await recordedProxy(proof.host, ports.monitor)),
  });
  const end = {
    ...{ secretId, secretName, token: versionId, targets: await sideBySide(proofs ?? [], recorded) },
    ...(rotation.waitedUntil === undefined ? {} : { waitedUntil: rotation.waitedUntil }),
  };
  const exchanged = { old: rotation.current, new: rotation.pending };
  if (proofs === undefined || notBack.length > 0) {
    await refuseIfEnded(rotation, cause, ports);
    const because = strandedSentence(rotation, cause, notBack, failures);
    await recordEnd(ports, { ...end, outcome: 'stranded', because }, exchanged).catch((error) => failures.push(error));
    throw new Stranded([cause, ...failures], because);
  }
  await refuseUnlessMarked(rotation, cause, proofs, ports);
  // The record first: once the label is gone, nobody comes back to this rotation.
  await recordEnd(ports, { ...end, outcome: 'rolled-back', because: sentence(cause) }, exchanged);
  // As late as can be: while the mark stands, whoever comes next sees a promotion that is not to be.
  await takeBackPromotion(rotation, ports);
  await ports.secrets.discard(secretId, versionId);
  throw new RotationRolledBack(`${sentence(cause)}; ${rolledBackSentence(proofs)}`, { cause });
}

/** Without the mark, and with a label that could not be taken off, the next try would go forward again after the end was told. */
async function refuseUnlessMarked(
  { secretId, versionId }: Rotation,
  cause: unknown,
  proofs: readonly Proof[],
  { secrets }: Ports,
): Promise<void> {
  try {
    await secrets.markGoingBack(secretId, versionId);
  } catch (error) {
    throw new StillOpen(
      `${sentence(cause)}; ${rolledBackSentence(proofs)}; its version could not be marked (${sentence(error)}), so the next try ends it`,
      { cause: error },
    );
  }
}

/**
 * Makes the nodes forget. Where the server renews its cache less often than we wait, contact alone may have come over the other
 * key: a node that has been heard of by then and does not hold the old one knows better.
 *
 * @returns the proofs, without those that a node refutes
 */
async function forgetAll(
  proofs: readonly Proof[],
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<readonly Proof[]> {
  const held: Proof[] = [];
  const forgetNode = oncePerNode((target) => forget(target, rotation, rotation.current, ports, deadline));
  for (const proof of proofs) {
    const { target } = proof;
    const forgotten = target.kind === 'autoregistration' ? undefined : await forgetNode(target);
    const isRefuted = forgotten instanceof Refusal && 'byContact' in proof.evidence.node;
    held.push(isRefuted ? { ...proof, verdict: { verdict: 'silent', because: sentence(forgotten) } } : proof);
  }
  return held;
}

/**
 * From here on everybody who touches this rotation goes back too, also after a crash. Two that pull in opposite directions
 * would leave Zabbix with whichever key was given last.
 *
 * @returns whether somebody had begun before: then what looks untouched may be half way back
 */
async function decide(
  { secretId, versionId }: Rotation,
  cause: unknown,
  { secrets, archive }: Ports,
): Promise<boolean> {
  const ids = { secretId, token: versionId };
  await archive.append({ event: 'rotation.goingBack', ...ids, because: sentence(cause) });
  try {
    return await secrets.markGoingBack(secretId, versionId);
  } catch (error) {
    // Without the mark the way back is still the right one.
    await archive.append({ event: 'label.notSet', ...ids, because: sentence(error) });
    return false;
  }
}

/**
 * Who promotes before he can see our mark makes the nodes forget the old key: then there is no way back, and whoever saw the mark later
 * would look for one. Who sees it takes his promotion back, and a repair comes back to the version.
 */
async function refuseIfPromoted(
  { secretId, secretName, versionId }: Rotation,
  cause: unknown,
  begun: boolean,
  { secrets, archive }: Ports,
): Promise<void> {
  const labels = await secrets.labels(secretId).catch(() => undefined);
  if (labels?.current !== versionId) return;
  try {
    if (!begun && labels.goingBack === versionId) await secrets.unmarkGoingBack(secretId, versionId);
  } catch (error) {
    await archive.append({ event: 'label.notRemoved', secretId, token: versionId, because: sentence(error) });
  }
  throw new StillOpen(
    `${sentence(cause)}; version ${versionId} of ${secretName} has become AWSCURRENT meanwhile, so nothing was taken back`,
  );
}

/** Who was slower may find the targets on their way to the next key: the end has been told, by whoever proved it. */
async function refuseIfEnded({ secretId, secretName, versionId }: Rotation, cause: unknown, { secrets }: Ports) {
  const labels = await secrets.labels(secretId).catch(() => undefined);
  if (labels === undefined || labels.pending === versionId) return;
  throw new Refusal(
    'NOT_PENDING',
    `${sentence(cause)}; version ${versionId} of ${secretName} has been taken back by somebody else meanwhile`,
  );
}

function isBack({ wanted, verdict }: Proof, { current }: Rotation): boolean {
  return verdict.verdict === 'proven' && fingerprintOf(wanted) === fingerprintOf(current);
}
