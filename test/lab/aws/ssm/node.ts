/** A node as Systems Manager knows it. What runs on it is the ManagedNode's business. */

import type { ManagedNode } from '../../managed-node.ts';
import { tagContext } from '../iam/context.ts';
import type { Access } from '../iam/permissions.ts';
import { arn } from '../place.ts';
import type { World } from '../world.ts';

export interface KnownNode {
  readonly node: ManagedNode;
  /** `text`: an agent before 3.3.2746.0, which knows no ENV_VAR and pastes values into the script. */
  readonly parametersArriveAs: 'environment' | 'text';
  readonly registeredMs: number;
  /** Commands that run on it now, and those that wait for a free place. */
  running: number;
  readonly waiting: (() => void)[];
}

export function knownNode(world: World, node: ManagedNode, parametersArriveAs: 'environment' | 'text'): KnownNode {
  return { node, parametersArriveAs, registeredMs: world.clock.nowMs(), running: 0, waiting: [] };
}

/** `i-…` is EC2's, `mi-…` is Systems Manager's own. */
export function nodeAccess(world: World, action: string, instanceId: string): Access {
  const resource = instanceId.startsWith('mi-')
    ? arn(world.place, 'ssm', `managed-instance/${instanceId}`)
    : arn(world.place, 'ec2', `instance/${instanceId}`);
  return { action, resource, context: tagContext('ssm', world.nodes.get(instanceId)?.node.tags ?? {}) };
}

/** Waits for one of the node's places. The agent runs at most 5 commands at once. */
export async function takePlace(world: World, known: KnownNode): Promise<() => void> {
  if (known.running >= world.habits.commandsPerNode) await new Promise<void>((free) => known.waiting.push(free));
  known.running += 1;
  return () => {
    known.running -= 1;
    known.waiting.shift()?.();
  };
}
