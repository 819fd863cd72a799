import { sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { forget } from './forget.ts';
import { type Inspection, type NodeTarget, onNodes, type Rotation } from './model.ts';
import { oncePerNode } from './node-mates.ts';
import { onceMore } from './once-more.ts';
import type { Ports } from './ports.ts';
import { hasMoved } from './see-earlier-try.ts';
import { sideBySide } from './side-by-side.ts';

/** Long enough for three commands; a node that cannot be asked gives up by itself at its time limit. Milliseconds. */
const standDownMs = 30_000;

/**
 * What is known of an agent when its node has been called off: it runs with the key that it had (`untouched`); it is down; or its
 * node could not be asked: at all, or when its agent had moved and was to be taken back (`half-way`).
 */
export type StoodDown = 'untouched' | 'down' | 'not asked' | 'half-way';

/**
 * Zabbix was never told, so nothing has moved but what an earlier try, or a gate that opens by itself, may have moved: nodes that were
 * prepared or armed are called off and forget the rotation, before its label goes and the key that they hold sealed belongs to nobody
 * any more.
 *
 * @returns what is known of each target
 */
export function standDown(
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<readonly { readonly target: NodeTarget; readonly stood: StoodDown }[]> {
  const soon = deadline.within(standDownMs);
  const once = oncePerNode((target) => callOff(target, rotation, ports, soon));
  return sideBySide(onNodes(rotation.pending.targets), async (target) => ({ target, stood: await once(target) }));
}

/**
 * Calls off one node, unless it is busy with another rotation, and makes it forget. What goes wrong is written down: the node
 * gives up by itself.
 */
export async function callOff(
  target: NodeTarget,
  rotation: Pick<Rotation, 'secretId' | 'versionId' | 'current'>,
  ports: Ports,
  deadline: Deadline,
): Promise<StoodDown> {
  const { fleet, archive } = ports;
  let inspection: Inspection | undefined;
  try {
    inspection = await fleet.inspect(target, rotation, deadline);
    const { rotation: found } = inspection;
    if (found !== undefined && found.versionId !== rotation.versionId) return 'untouched';
    // A prepare that was killed before it had noted whose it is has left a key pair behind: that is for `forget` alone.
    if (found !== undefined) {
      const restore = async () => fleet.follow(await fleet.armRestore(target, rotation, 'now', deadline), deadline);
      if ((await onceMore(restore)).outcome === 'stranded') return 'down';
    }
  } catch (error) {
    const ids = { secretId: rotation.secretId, token: rotation.versionId };
    await archive.append({ event: 'target.notCalledOff', ...ids, target: target.name, because: sentence(error) });
    if (inspection === undefined) return 'not asked';
    // Called off or not, a node whose agent has not moved leaves it alone.
    return hasMoved(inspection, rotation) ? 'half-way' : 'untouched';
  }
  await forget(target, rotation, rotation.current, ports, deadline);
  return 'untouched';
}
