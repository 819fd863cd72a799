import { Refusal, StillOpen, sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { type Inspection, type NodeTarget, onNodes, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { rollBack } from './roll-back.ts';
import { sideBySide } from './side-by-side.ts';
import { findStored } from './stored-credential.ts';

/**
 * An earlier try may have died on its way back that it could not mark: Zabbix holds the old key and an agent the new one, which looks
 * like a rotation that has not begun. It is taken back before anything else. Later on, a node that cannot be asked would be taken
 * for one that nothing was done to.
 *
 * @throws {StillOpen} when a node whose agent may be so cannot be asked
 */
export async function seeEarlierTry(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<void> {
  const areHalfWay = await sideBySide(onNodes(rotation.pending.targets), (target) =>
    isHalfWay(target, rotation, ports, deadline),
  );
  if (!areHalfWay.includes(true)) return;
  const cause = new Refusal(
    'LEFT_UNFINISHED',
    `an earlier try of the rotation (version ${rotation.versionId}) was on its way back and came to no end`,
  );
  return rollBack(rotation, cause, ports, deadline);
}

async function isHalfWay(target: NodeTarget, rotation: Rotation, ports: Ports, deadline: Deadline): Promise<boolean> {
  try {
    const { stored } = await findStored(target, rotation, ports.monitor);
    // From there it goes forward.
    if (stored === 'pending') return false;
    return hasMoved(await ports.fleet.inspect(target, rotation, deadline), rotation);
  } catch (error) {
    throw new StillOpen(
      `${sentence(error)}; an earlier try of this rotation may have moved ${target.name}, so it stays open`,
      { cause: error },
    );
  }
}

/** By what the node says of this very rotation: its agent is on the new key or may be, or is down since. */
export function hasMoved(
  { rotation: found, running }: Inspection,
  { versionId }: Pick<Rotation, 'versionId'>,
): boolean {
  if (found?.versionId !== versionId) return false;
  return found.phase === 'switching' || found.phase === 'switched' || !running;
}
