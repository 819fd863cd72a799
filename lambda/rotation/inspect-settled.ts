import { NodeExchanging, NodeUnreachable } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { Inspection, NodeTarget, RotationIds } from './model.ts';
import type { Ports } from './ports.ts';
import { until } from './wait.ts';

const lookForEndEveryMs = 5_000;

/**
 * A node that is exchanging keys tells of a moment that is over when contact is seen, and that contact may have come over the
 * other key: its end is waited for. An exchange starts the agent once or twice.
 *
 * @throws {NodeExchanging} when it does not end, or the node falls silent before it has
 */
export async function inspectSettled(
  target: NodeTarget,
  rotation: RotationIds,
  { fleet, clock, patience }: Ports,
  deadline: Deadline,
): Promise<Inspection> {
  let isExchanging = false;
  const settled = await until(
    async () => {
      const inspection = await fleet.inspect(target, rotation, deadline).catch((error: unknown) => {
        if (isExchanging && error instanceof NodeUnreachable) throw notEnded(target, error);
        throw error;
      });
      isExchanging = inspection.rotation?.phase === 'switching';
      return isExchanging ? undefined : inspection;
    },
    lookForEndEveryMs,
    clock,
    deadline.within(2 * patience.agentStartMs + lookForEndEveryMs),
  );
  if (settled !== undefined) return settled;
  throw notEnded(target);
}

function notEnded({ name, node }: NodeTarget, cause?: NodeUnreachable): NodeExchanging {
  return new NodeExchanging(name, `an exchange of keys on ${node} (${name}) has not ended`, { cause });
}
