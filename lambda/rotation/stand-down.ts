import { sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { forget } from './forget.ts';
import type { Rotation, Target } from './model.ts';
import { oncePerNode } from './node-mates.ts';
import { onceMore } from './once-more.ts';
import type { Ports } from './ports.ts';
import { sideBySide } from './side-by-side.ts';

/** Long enough for three commands; a node that cannot be asked gives up by itself at its time limit. Milliseconds. */
const standDownMs = 30_000;

/**
 * Zabbix was never told, so nothing has moved: nodes that were prepared or armed are called off and forget the rotation,
 * before its label goes and the key that they hold sealed belongs to nobody any more.
 *
 * @returns whether no agent is known to be down: an earlier try may have stopped one that does not come up since
 */
export async function standDown(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<boolean> {
  const soon = deadline.within(standDownMs);
  const areUp = await sideBySide(
    rotation.pending.targets,
    oncePerNode((target) => callOff(target, rotation, ports, soon)),
  );
  return areUp.every((isUp) => isUp);
}

/**
 * Calls off one node whose agent has not moved, unless it is busy with another rotation, and makes it forget. What goes wrong is written
 * down: the node gives up by itself.
 *
 * @returns false when the node says that its agent is down
 */
export async function callOff(
  target: Target,
  rotation: Pick<Rotation, 'secretId' | 'versionId' | 'current'>,
  ports: Ports,
  deadline: Deadline,
): Promise<boolean> {
  const { fleet, archive } = ports;
  try {
    const { rotation: found } = await fleet.inspect(target, rotation, deadline);
    if (found !== undefined && found.versionId !== rotation.versionId) return true;
    // A prepare that was killed before it had noted whose it is has left a key pair behind: that is for `forget` alone.
    if (found !== undefined) {
      const restore = async () => fleet.follow(await fleet.armRestore(target, rotation, 'now', deadline), deadline);
      if ((await onceMore(restore)).outcome === 'stranded') return false;
    }
  } catch (error) {
    const ids = { secretId: rotation.secretId, token: rotation.versionId };
    await archive.append({ event: 'target.notCalledOff', ...ids, target: target.name, because: sentence(error) });
    return true;
  }
  await forget(target, rotation, rotation.current, ports, deadline);
  return true;
}
