import { Refusal, StillOpen, sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { forget } from './forget.ts';
import { load, readCurrent } from './load.ts';
import {
  type Autoregistration,
  credentialIn,
  fingerprintOf,
  type Inspection,
  type MonitoredHost,
  type NodeTarget,
  type Rotation,
  type RotationIds,
} from './model.ts';
import { oncePerNode } from './node-mates.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { proveAtPort } from './prove-at-port.ts';
import { recordedProxy } from './proxy-before.ts';
import { type AskedAgain, fromAccount, recordEnd, type TargetRecord, targetRecord, withWait } from './record.ts';
import { reloadsOf } from './reload.ts';
import { sideBySide } from './side-by-side.ts';
import { findStored } from './stored-credential.ts';
import { newestThrough } from './through.ts';
import { lastUntil } from './waiting.ts';

/** Promotes the pending credential, makes the nodes forget the old key, and records the rotation. */
export async function finishSecret(
  labels: SecretLabels,
  token: string,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  const rotation = await load(labels, token, ports.secrets);
  await promote(rotation, ports);
  await recordRotated(rotation, ports, deadline);
}

/**
 * Moves AWSCURRENT to the pending version: from here on a retry has nothing left but to tidy up.
 *
 * @throws {StillOpen} when somebody takes the version back; AWSCURRENT is where it was
 */
export async function promote(rotation: Rotation, ports: Ports): Promise<void> {
  await moveCurrent(rotation, ports);
  await refuseIfTakenBack(rotation, ports);
}

/** The label alone, whoever takes the version back. */
export async function moveCurrent(rotation: Rotation, { secrets, archive }: Ports): Promise<void> {
  const { secretId, versionId, currentVersionId } = rotation;
  await secrets.promote(secretId, { from: currentVersionId, to: versionId });
  await archive.append({ event: 'credential.promoted', secretId, token: versionId });
}

/** Whether Zabbix holds the new key of every target, as far as it tells. */
export async function isInZabbix(rotation: Rotation, { monitor }: Ports): Promise<boolean> {
  const found = await sideBySide(rotation.pending.targets, (target) => findStored(target, rotation, monitor));
  return found.every(({ stored }) => stored === 'pending' || stored === 'untold');
}

/**
 * Somebody may have begun to go back after this step had looked: one of the two sees the other and undoes the promotion. Where another
 * who promoted beside this one has undone it, it is undone for both.
 */
async function refuseIfTakenBack(rotation: Rotation, ports: Ports): Promise<void> {
  const { secrets } = ports;
  const { secretId, secretName, versionId, currentVersionId } = rotation;
  const { current, pending, goingBack } = await secrets.labels(secretId);
  // Its label went, or another's rotation began, after this promotion or after this version had been taken back: Zabbix tells which.
  const takenBack = goingBack === versionId || (pending !== versionId && !(await isInZabbix(rotation, ports)));
  if (!takenBack || currentVersionId === undefined) return;
  if (current === versionId) await secrets.promote(secretId, { from: versionId, to: currentVersionId });
  throw new StillOpen(
    `version ${versionId} of ${secretName} was being taken back while it was promoted, so AWSCURRENT is on ${currentVersionId} again`,
  );
}

/** What is told of a rotation whose key is in use; `current` is unknown when the label has moved in an earlier try. */
export type Rotated = Pick<Rotation, 'secretId' | 'secretName' | 'versionId' | 'pending'> &
  Partial<Pick<Rotation, 'current' | 'waitedUntil'>>;

/** Makes the nodes forget the old key and records the rotation, with what is true now. Done twice it records the same end. */
export async function recordRotated(rotation: Rotated, ports: Ports, deadline: Deadline): Promise<void> {
  const { secretId, secretName, versionId, pending, current, waitedUntil } = rotation;
  const targets: TargetRecord[] = [];
  const forgetNode = oncePerNode((target) => forget(target, rotation, pending, ports, deadline));
  for (const target of pending.targets) {
    if (target.kind === 'autoregistration') {
      targets.push(await autoregistrationRecord(target, rotation, ports, deadline));
      continue;
    }
    const forgotten = await forgetNode(target);
    const inspection = forgotten instanceof Refusal ? undefined : forgotten;
    targets.push({
      kind: target.kind,
      target: target.name,
      node: target.node,
      identity: pending.identity,
      ...(current === undefined ? {} : { from: fingerprintOf(current) }),
      to: pending.key.fingerprint,
      ...fromAccount(inspection),
      ...(await reloadsOf(target, ports)),
      ...(await proofsNow(target, rotation, inspection, ports)),
    });
  }
  const end = { secretId, secretName, token: versionId, outcome: 'rotated', because: undefined, targets } as const;
  await recordEnd(ports, withWait(end, waitedUntil), { old: current, new: pending });
  await markRecorded(rotation, ports);
}

/** The server is asked once more; no node has anything to forget. */
async function autoregistrationRecord(
  target: Autoregistration,
  { pending, current }: Rotated,
  ports: Ports,
  deadline: Deadline,
): Promise<TargetRecord> {
  const proof = await proveAtPort(target, { wanted: pending, dead: current }, ports, deadline.within(0));
  return {
    ...targetRecord(proof),
    ...(current === undefined ? {} : { from: fingerprintOf(current) }),
    gate: 'port-probe',
    switchedAt: new Date(ports.clock.now().ms).toISOString(),
  };
}

/** After the record, so that a repair finds what died before it. A mark that stays makes it record the same end once more. */
async function markRecorded({ secretId, versionId }: RotationIds, { secrets, archive }: Ports): Promise<void> {
  try {
    await secrets.markRecorded(secretId, versionId);
  } catch (error) {
    await archive.append({ event: 'label.notRemoved', secretId, token: versionId, because: sentence(error) });
  }
}

/** testSecret waited for these proofs in another invocation; they are asked for again, without waiting, so that the record tells what is true now. */
async function proofsNow(
  target: NodeTarget,
  { pending }: Pick<Rotated, 'pending'>,
  inspection: Inspection | undefined,
  { monitor }: Ports,
): Promise<Pick<TargetRecord, 'proofs' | 'proxy'>> {
  const node = { fingerprintOnNode: inspection?.fingerprint, oldKey: inspection?.lastSwitch?.oldKey };
  try {
    const { host, holds } = await monitor.find(target, [pending]);
    const { witness } = host;
    const proofs = {
      ...node,
      storedInZabbix: holds === pending,
      ...(host.behindProxy === false ? {} : { behindProxy: true as const }),
      lastValue: witness?.key,
      lastValueS: witness?.lastS,
      lastValueClockOf: witness?.clockOf,
      ...(await ofProxy(host, inspection, { monitor })),
    };
    return { proofs, ...(await recordedProxy(host, monitor)) };
  } catch (error) {
    return { proofs: { ...node, notAsked: sentence(error) } };
  }
}

/** What the proof of a proxy rests on besides its last access. */
async function ofProxy(
  host: MonitoredHost,
  inspection: Inspection | undefined,
  ports: Pick<Ports, 'monitor'>,
): Promise<Pick<AskedAgain, 'state' | 'through'>> {
  const { kind, reachable } = host;
  if (kind !== 'proxy') return {};
  return {
    ...(reachable === undefined ? {} : { state: reachable.yes ? 'online' : 'offline' }),
    ...(inspection === undefined ? {} : { through: await newestThrough(host, inspection, ports) }),
  };
}

/**
 * The label has moved already: what a first try may have left undone is done again, unless its end is recorded.
 *
 * @returns whether there was something to do
 */
export async function finishAgain(labels: SecretLabels, ports: Ports, deadline: Deadline): Promise<boolean> {
  const { secretId, secretName, current: versionId, unrecorded } = labels;
  if (versionId === undefined || unrecorded !== versionId) return false;
  const pending = credentialIn(await readCurrent(labels, ports.secrets));
  if (pending === undefined) return false;
  const waitedUntil = lastUntil(labels.waiting, versionId);
  await recordRotated({ secretId, secretName, versionId, pending, waitedUntil }, ports, deadline);
  return true;
}
