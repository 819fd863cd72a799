import { randomUUID } from 'node:crypto';
import { requestedTokenPrefix } from '../contract.ts';
import { Refusal, RotationRolledBack } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { giveUpUnminted } from './end-unminted.ts';
import { readVersions, refuseUnlessEnabled, rotationOf, unfinishedVersion } from './load.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { rollBack } from './roll-back.ts';
import { takeBackIfMarked } from './take-back-promotion.ts';
import { waitsUntil } from './waiting.ts';

export interface RotateRequest {
  /** Name or ARN of the secret. */
  readonly rotate: string;
  /** Version id of an unfinished rotation to take back first. */
  readonly abandon?: string | undefined;
}

export interface Answer {
  readonly says: readonly string[];
}

/** `{"rotate": …}` from the Lambda console: starts a rotation and answers in words. The rotation itself runs on by itself. */
export async function requestRotation(
  { rotate, abandon }: RotateRequest,
  ports: Ports,
  deadline: Deadline,
): Promise<Answer> {
  const labels = await takeBackIfMarked(await ports.secrets.labels(rotate), ports);
  refuseUnlessEnabled(labels);
  const says: string[] = [];
  const unfinished = unfinishedVersion(labels);
  if (unfinished !== undefined) says.push(await endUnfinished(labels, unfinished, abandon, ports, deadline));

  const token = `${requestedTokenPrefix}${randomUUID()}`;
  await ports.secrets.rotate(labels.secretId, token);
  says.push(
    `The rotation of ${labels.secretName} has started (version ${token}).`,
    `It ends with one "rotation.ended" line in this function's log; until then the present key stays in use.`,
  );
  return { says };
}

/** A rotation that still runs looks the same as one that was left behind, so only a human may say that it is to be given up. */
async function endUnfinished(
  labels: SecretLabels,
  unfinished: string,
  abandon: string | undefined,
  ports: Ports,
  deadline: Deadline,
): Promise<string> {
  const { current, pending } = await readVersions(labels, unfinished, ports.secrets);
  if (abandon !== unfinished) {
    const waits = labels.waiting
      .filter(({ versionId }) => versionId === unfinished)
      .map((one) => `, which ${waitsUntil(one)}`);
    throw new Refusal(
      'ROTATION_UNFINISHED',
      `${labels.secretName} has an unfinished rotation (version ${unfinished})${waits.join('') || ', which Secrets Manager may still be repeating'}; to take it back and start anew: {"rotate": "${labels.secretName}", "abandon": "${unfinished}"}`,
    );
  }
  if (pending === undefined) {
    if (await giveUpUnminted(labels, unfinished, 'it was given up before it had minted a key', ports))
      return `The unfinished rotation (version ${unfinished}) had not minted a key; its label is gone.`;
    return endUnfinished(labels, unfinished, abandon, ports, deadline);
  }
  try {
    const given = new Refusal('ABANDONED', `the unfinished rotation (version ${unfinished}) was given up on request`);
    return await rollBack(rotationOf(labels, unfinished, current, pending), given, ports, deadline);
  } catch (error) {
    if (error instanceof RotationRolledBack) return `${error.message}.`;
    throw error;
  }
}
