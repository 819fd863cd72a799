import type { Deadline } from './deadline.ts';
import { onNodes, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { findStored } from './stored-credential.ts';

/** `given`: names of the targets that Zabbix holds the pending credential for. `unknown`: nobody could be asked. */
export type Progress = { readonly given: ReadonlySet<string> } | 'unknown';

/**
 * How far a rotation has come, for deciding what its failure means. Zabbix' stored key is the commit point: as long as no host
 * has been given the pending one, nothing has moved and armed nodes give up by themselves.
 *
 * When Zabbix cannot be asked the nodes can: no host is given a key before its node was prepared for this very rotation.
 */
export async function progress(rotation: Rotation, { monitor, fleet }: Ports, deadline: Deadline): Promise<Progress> {
  try {
    const given = new Set<string>();
    for (const target of rotation.pending.targets) {
      const { stored } = await findStored(target, rotation, monitor);
      if (stored === 'pending') given.add(target.name);
      // What Zabbix had been given before somebody gave it a third key, only the nodes know.
      if (stored === 'other') return await nodesKnowOf(rotation, fleet, deadline);
    }
    return { given };
  } catch {
    return nodesKnowOf(rotation, fleet, deadline);
  }
}

async function nodesKnowOf(rotation: Rotation, fleet: Ports['fleet'], deadline: Deadline): Promise<Progress> {
  try {
    for (const target of onNodes(rotation.pending.targets)) {
      const inspection = await fleet.inspect(target, rotation, deadline);
      if (inspection.rotation?.versionId === rotation.versionId) return 'unknown';
    }
    return { given: new Set() };
  } catch {
    return 'unknown';
  }
}
