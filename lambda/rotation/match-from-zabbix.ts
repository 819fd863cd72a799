import type { Deadline } from './deadline.ts';
import { fingerprintOf, type NodeTarget, type Protection, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { type Proof, prove } from './prove.ts';
import { proveByContact } from './prove-by-contact.ts';
import { reloadCaches } from './reload.ts';

/**
 * A host that does not follow can still be met from the other side: Zabbix is given whichever of the two keys its agent is on.
 * Where nobody can say which one that is, both are tried, the one that Zabbix has first; without an answer it keeps the old one.
 *
 * @param asked what was seen of the target when its node was last asked; undefined: its node cannot be asked
 * @returns undefined when there is nothing to match: both sides are on the old key, or one is on some third one
 */
export async function matchFromZabbix(
  target: NodeTarget,
  rotation: Rotation,
  asked: Proof | undefined,
  ports: Ports,
  deadline: Deadline,
): Promise<Proof | undefined> {
  const { current, pending } = rotation;
  const node = asked?.evidence.node;
  if (node !== undefined && 'fingerprint' in node) {
    if (node.fingerprint !== pending.key.fingerprint) return undefined;
    const onNew = await giveAndProve(target, pending, rotation, ports, deadline);
    const now = onNew.evidence.node;
    // Somebody else has taken its agent back meanwhile.
    const isBack = 'fingerprint' in now && now.fingerprint === fingerprintOf(current);
    return isBack ? giveAndProve(target, current, rotation, ports, deadline) : onNew;
  }

  const { holds } = await ports.monitor.find(target, [current, pending]);
  const order: readonly Protection[] = holds === pending ? [pending, current] : [current, pending];
  /** A key that is only tried must be taken away again before nothing more is asked of Zabbix. */
  const trying = deadline.reserving(takeAwayMs);
  let proof: Proof | undefined;
  for (const wanted of order) {
    if (await isReplaced(target, rotation, ports)) return proof;
    const isTried = wanted === pending && holds !== pending;
    if (isTried && (trying.remainingMs < ports.patience.serverWaitMs || (await isEnded(rotation, ports)))) break;
    await give(target, wanted, rotation, ports, isTried ? trying : deadline);
    // Who has proven the old key and ended the rotation meanwhile does not come back to it.
    if (isTried && (await isEnded(rotation, ports))) break;
    proof = await proveByContact(target, { rotation, wanted, dead: undefined }, ports, isTried ? trying : deadline);
    if (proof.verdict.verdict === 'proven') return proof;
    // Its node answers after all.
    if (proof.isExchanging === true) break;
  }
  if (!(await isReplaced(target, rotation, ports))) await give(target, current, rotation, ports, deadline);
  return proof;
}

/** Zabbix may take a minute to say nothing, and is asked several times. Milliseconds. */
const takeAwayMs = 150_000;

/** By somebody who takes the same rotation back and was quicker. */
async function isEnded({ secretId, versionId }: Rotation, { secrets }: Ports): Promise<boolean> {
  const labels = await secrets.labels(secretId).catch(() => undefined);
  return labels !== undefined && labels.pending !== versionId;
}

/** Contact takes minutes: the next rotation may have begun meanwhile, or somebody have given a third key. */
async function isReplaced(target: NodeTarget, { current, pending }: Rotation, { monitor }: Ports): Promise<boolean> {
  return (await monitor.find(target, [current, pending])).holds === undefined;
}

async function giveAndProve(
  target: NodeTarget,
  wanted: Protection,
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<Proof> {
  await give(target, wanted, rotation, ports, deadline);
  const patient = deadline.within(ports.patience.serverWaitMs + ports.patience.proveMs);
  return prove(target, { rotation, wanted, dead: undefined }, ports, patient);
}

async function give(
  target: NodeTarget,
  wanted: Protection,
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  const { host, holds } = await ports.monitor.find(target, [wanted]);
  if (holds === wanted) return;
  await ports.archive.append({
    event: 'zabbix.matching',
    secretId: rotation.secretId,
    token: rotation.versionId,
    target: target.name,
    identity: wanted.identity,
    fingerprint: fingerprintOf(wanted),
  });
  await ports.monitor.give([host], wanted);
  await reloadCaches([host], rotation, ports, deadline);
}
