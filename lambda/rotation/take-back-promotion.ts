import type { Rotation } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';

/** Somebody who had seen no mark may have promoted what is taken back, and died. */
export async function takeBackPromotion(
  { secretId, versionId, currentVersionId }: Rotation,
  ports: Ports,
): Promise<void> {
  const { current } = await ports.secrets.labels(secretId);
  if (current !== versionId || currentVersionId === undefined || currentVersionId === versionId) return;
  await moveBack(secretId, { from: versionId, to: currentVersionId }, ports);
}

/**
 * AWSCURRENT on a version that is marked as going back: whoever promoted it has died, or was not answered, before he could see the
 * mark. AWSCURRENT goes back to where it was; from there the version goes back as any other that is marked.
 *
 * @returns the labels as they are then; asked for again, AWSCURRENT might still be told where it was
 */
export async function takeBackIfMarked(labels: SecretLabels, ports: Ports): Promise<SecretLabels> {
  const { secretId, current, previous, goingBack, unrecorded } = labels;
  if (current === undefined || previous === undefined || current !== goingBack) return labels;
  // It has ended; the mark came too late.
  if (current !== unrecorded) return labels;
  await moveBack(secretId, { from: current, to: previous }, ports);
  return { ...labels, current: previous, previous: current };
}

async function moveBack(
  secretId: string,
  move: { readonly from: string; readonly to: string },
  { secrets, archive }: Ports,
): Promise<void> {
  await secrets.promote(secretId, move);
  await archive.append({ event: 'credential.promotionTakenBack', secretId, token: move.from });
}
