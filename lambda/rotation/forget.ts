import { Refusal, sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { Inspection, NodeTarget, Protection, RotationIds } from './model.ts';
import { onceMore } from './once-more.ts';
import type { Ports } from './ports.ts';

/**
 * Makes a node forget a rotation whose key is in place and proven. A node that cannot is written down and does not matter:
 * what it keeps is dead at the server, and the next `prepare` clears it.
 *
 * @returns what the node found, with the account of its last switch; why it refused; undefined when it could not be asked
 */
export async function forget(
  target: NodeTarget,
  rotation: RotationIds,
  inPlace: Protection,
  { fleet, archive }: Pick<Ports, 'fleet' | 'archive'>,
  deadline: Deadline,
): Promise<Inspection | Refusal | undefined> {
  try {
    return await onceMore(() => fleet.forget(target, rotation, inPlace, deadline));
  } catch (error) {
    await archive.append({
      event: 'target.notForgotten',
      secretId: rotation.secretId,
      token: rotation.versionId,
      target: target.name,
      because: sentence(error),
    });
    return error instanceof Refusal ? error : undefined;
  }
}
