import { Refusal, RotationRolledBack, StillOpen, StillWaiting, sentence } from '../errors.ts';
import { lookAtWaiting } from './carry-on.ts';
import type { Deadline } from './deadline.ts';
import { endUnminted } from './end-unminted.ts';
import { isInZabbix, moveCurrent, promote, recordRotated } from './finish-secret.ts';
import { forget } from './forget.ts';
import { readCurrent, rotationOf, unfinishedVersion } from './load.ts';
import {
  credentialIn,
  fingerprintOf,
  type Instant,
  type NodeTarget,
  onNodes,
  type Protection,
  type Rotation,
} from './model.ts';
import { byNode } from './node-mates.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { type Proof, prove } from './prove.ts';
import { proveByContact } from './prove-by-contact.ts';
import { isQuiet } from './quiet.ts';
import { recordEnd, recordProof } from './record.ts';
import { rollBack } from './roll-back.ts';
import { sideBySide } from './side-by-side.ts';
import { callOff } from './stand-down.ts';
import { takeBackIfMarked, takeBackPromotion } from './take-back-promotion.ts';
import { waitingOn } from './waiting.ts';

/**
 * Brings what a rotation has left of one secret to one end or the other. Asks the nodes and Zabbix what is true: where every
 * target works with the new key the rotation is finished, otherwise it is taken back. Never mints, and may run beside the
 * rotation or beside itself.
 *
 * @param failed when the rotation failed that is to be repaired: its event may come when the next one is under way
 * @returns what was done, in words
 * @throws {Stranded} for what it cannot bring to an end
 */
export async function repair(secretId: string, ports: Ports, deadline: Deadline, failed?: Instant): Promise<string> {
  const labels = await takeBackIfMarked(await ports.secrets.labels(secretId), ports);
  const { secretName } = labels;
  const unfinished = unfinishedVersion(labels);
  if (unfinished === undefined) return tidyUp(labels, ports, deadline);
  // Events tell whole seconds.
  if (failed !== undefined && labels.changed.ms >= failed.ms + 1_000)
    return `${secretName}: something has happened to it since that rotation failed (version ${unfinished} is pending), so it is left alone`;

  const pending = credentialIn(await ports.secrets.read(labels, unfinished));
  if (pending === undefined) {
    if (await endUnminted(labels, unfinished, 'it had not minted a key', ports))
      return `${secretName}: the unfinished rotation (version ${unfinished}) had not minted a key; its label is gone`;
    return repair(secretId, ports, deadline);
  }

  const rotation = rotationOf(labels, unfinished, await readCurrent(labels, ports.secrets), pending);
  const cause = new Refusal('LEFT_UNFINISHED', `the rotation (version ${unfinished}) was left unfinished`);
  const waiting = labels.goingBack === unfinished ? undefined : waitingOn(labels, unfinished, 'forward');
  if (waiting !== undefined) {
    const come = await lookAtWaiting(rotation, waiting, ports, deadline);
    if (come.is === 'waiting') return `${come.says}; nothing was touched`;
    if (come.is === 'failed') return takeBack(rotation, come.cause, labels, ports, deadline);
  }
  const proofs = await proveMoved(rotation, ports, deadline);
  refuseUnlessAsked(proofs, secretName);
  if (mayFinish(proofs, labels, ports.clock.now())) {
    for (const proof of proofs) await recordProof(ports, rotation, proof);
    if (labels.goingBack !== unfinished) await promote(rotation, ports);
    else if (!(await promoteMarked(rotation, ports)))
      return `${secretName}: the unfinished rotation (version ${unfinished}) is being taken back by somebody else, so it was left to him`;
    await recordRotated(rotation, ports, deadline);
    // Secrets Manager has given this rotation up: neither its label nor our mark is of use to anybody.
    await ports.secrets.discard(labels.secretId, unfinished);
    return `${secretName}: every target works with the new key, so the unfinished rotation (version ${unfinished}) was finished`;
  }
  return takeBack(rotation, cause, labels, ports, deadline);
}

/**
 * @returns in words, what somebody has been told of as a failure already
 * @throws {RotationRolledBack} when it had waited until now, so that nobody has
 * @throws {StillWaiting} when it begins to wait on its way back
 */
async function takeBack(
  rotation: Rotation,
  cause: Error,
  labels: SecretLabels,
  ports: Ports,
  deadline: Deadline,
): Promise<string> {
  const hasWaited = waitingOn(labels, rotation.versionId, 'forward') !== undefined;
  const wasGoingBack = waitingOn(labels, rotation.versionId, 'back') !== undefined;
  try {
    return await rollBack(rotation, cause, ports, deadline);
  } catch (error) {
    const isEnd = error instanceof RotationRolledBack;
    const isKnown = wasGoingBack || (isEnd && !hasWaited);
    if (isKnown && (isEnd || error instanceof StillWaiting)) return `${rotation.secretName}: ${sentence(error)}`;
    throw error;
  }
}

/** What is known of the new key on every target, without waiting for what cannot be. */
function proveMoved(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<readonly Proof[]> {
  const claim = { rotation, wanted: rotation.pending, dead: rotation.current };
  return sideBySide(rotation.pending.targets, async (target) => {
    const proof = await prove(target, claim, ports, deadline.within(ports.patience.proveMs));
    const unasked = 'unknown' in proof.evidence.node && proof.evidence.stored === 'wanted';
    const byContact = unasked && proof.isExchanging !== true && target.kind !== 'autoregistration';
    return byContact ? proveByContact(target, claim, ports, deadline) : proof;
  });
}

/** A repair may come again in an hour: without Zabbix nothing can be finished, and going back blindly could blind what works. */
function refuseUnlessAsked(proofs: readonly Proof[], secretName: string): void {
  const unasked = proofs.find(
    ({ evidence, verdict }) =>
      evidence.stored === 'unknown' || ('none' in evidence.node && verdict.verdict === 'unknown'),
  );
  if (unasked === undefined) return;
  const because = 'because' in unasked.evidence.contact ? ` (${unasked.evidence.contact.because})` : '';
  throw new StillOpen(
    `${secretName}: Zabbix could not be asked which key it holds for ${unasked.target.name}${because}; nothing was touched, and the repair looks again every hour`,
  );
}

/**
 * What is being taken back stays on its way, unless there is a node that cannot be commanded: it would never come back. Told to go back
 * at an earlier try, such a node may still wait for the old key and put it in place by itself, until the secret has been quiet.
 */
function mayFinish(proofs: readonly Proof[], labels: SecretLabels, now: Instant): boolean {
  if (proofs.some(({ verdict }) => verdict.verdict !== 'proven')) return false;
  // With the new key in place it can only wait for the old one: it would go back by itself when all is over.
  if (proofs.some(({ inspection }) => inspection?.rotation?.phase === 'armed')) return false;
  if (labels.goingBack !== labels.pending) return true;
  return proofs.some(({ evidence }) => 'byContact' in evidence.node) && isQuiet(labels, now);
}

/**
 * What is marked may be on its way back, while its proofs are minutes old. Whoever goes back gives Zabbix the old key first and looks
 * for a promotion then; we promote first and look at Zabbix then. However the two interleave, one of them sees the other.
 *
 * Then the mark goes: with it AWSCURRENT would be taken back by whoever comes next.
 *
 * @returns false when Zabbix does not hold the new key any more, or somebody was quicker to take AWSCURRENT back: it is where it was
 */
async function promoteMarked(rotation: Rotation, ports: Ports): Promise<boolean> {
  await moveCurrent(rotation, ports);
  const { secrets } = ports;
  const { secretId, versionId } = rotation;
  try {
    if (await isInZabbix(rotation, ports)) {
      await secrets.unmarkGoingBack(secretId, versionId);
      return (await secrets.labels(secretId)).current === versionId;
    }
  } catch (error) {
    await takeBackPromotion(rotation, ports);
    throw error;
  }
  await takeBackPromotion(rotation, ports);
  return false;
}

/**
 * No rotation is open, but one that died after its label had moved may have left a node or its record undone, and one that was
 * given up may have left a node prepared.
 */
async function tidyUp(labels: SecretLabels, ports: Ports, deadline: Deadline): Promise<string> {
  const says = await tidyUpNodes(labels, ports, deadline);
  const { secretId, current, goingBack, unrecorded, waiting } = labels;
  if (unrecorded !== undefined && unrecorded !== current) await endTakenAway(labels, unrecorded, ports);
  for (const { versionId } of waiting) await ports.secrets.discard(secretId, versionId);
  // Our mark outlives AWSPENDING when its remover dies between the two. Last: the labels tell the next one what may lack.
  if (goingBack !== undefined) await ports.secrets.discard(secretId, goingBack);
  return says;
}

/** We take the mark off before AWSPENDING, so it was somebody else who took the version's label: nobody can bring it to an end. */
async function endTakenAway(
  { secretId, secretName, current }: SecretLabels,
  token: string,
  ports: Ports,
): Promise<void> {
  const because = `somebody took the label of version ${token} of ${secretName} away before its rotation's end was recorded; AWSCURRENT is on ${current}; see which key holds with {"inspect": "${secretName}"}`;
  await recordEnd(ports, { secretId, secretName, token, outcome: 'stranded', because, targets: [] });
  await ports.secrets.discard(secretId, token);
}

async function tidyUpNodes(labels: SecretLabels, ports: Ports, deadline: Deadline): Promise<string> {
  const { secretId, secretName, current: currentVersionId, unrecorded } = labels;
  const current = await readCurrent(labels, ports.secrets).catch(refusalOf);
  // A rotation of a secret that nobody has adopted, or whose value was spoilt, was refused and has left nothing.
  if (current instanceof Refusal) return `${secretName}: no rotation is unfinished (${sentence(current)})`;
  const targets = onNodes(current.targets);
  const left = (await sideBySide(targets, (target) => leftOn(target, labels, current, ports, deadline))).flat();
  if (currentVersionId === undefined) return `${secretName}: no rotation is unfinished`;
  const recordless = unrecorded === currentVersionId ? credentialIn(current) : undefined;
  const lacksRecord = recordless !== undefined;
  if (left.length === 0 && !lacksRecord) return `${secretName}: no rotation is unfinished`;

  if (recordless !== undefined)
    await recordRotated({ secretId, secretName, versionId: currentVersionId, pending: recordless }, ports, deadline);
  for (const [{ target, versionId, fingerprint }] of byNode(left)) {
    const ids = { secretId, versionId, current };
    if (versionId === currentVersionId) {
      if (!lacksRecord) await forget(target, ids, current, ports, deadline);
      continue;
    }
    // With another key in place there is more to mend than a leftover: that is for a human, and for the next rotation to refuse.
    if (fingerprint === fingerprintOf(current)) await callOff(target, ids, ports, deadline);
  }
  const where = left.length === 0 ? '' : ` on ${left.map(({ target }) => target.name).join(', ')}`;
  return `${secretName}: no rotation is unfinished; what one had left${where} was tidied up`;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

interface LeftOnNode {
  readonly target: NodeTarget;
  readonly versionId: string;
  readonly fingerprint: string;
}

async function leftOn(
  target: NodeTarget,
  { secretId, current: versionId = '' }: SecretLabels,
  current: Protection,
  { fleet, archive }: Ports,
  deadline: Deadline,
): Promise<readonly LeftOnNode[]> {
  try {
    const { rotation, fingerprint } = await fleet.inspect(target, { secretId, versionId, current }, deadline);
    if (rotation?.secretId !== secretId) return [];
    return [{ target, versionId: rotation.versionId, fingerprint }];
  } catch (error) {
    await archive.append({ event: 'target.notInspected', secretId, target: target.name, because: sentence(error) });
    return [];
  }
}
