/** From SendCommand to the node: polls, waits for an offline node, gives up when the delivery time is over. */
import type { Delivery } from '../faults.ts';
import type { World } from '../world.ts';
import { type Command, conclude, type Invocation, isFinal } from './command.ts';
import { type KnownNode, takePlace } from './node.ts';
import { runOnNode } from './run-on-node.ts';

export async function deliver(
  world: World,
  known: KnownNode,
  command: Command,
  invocation: Invocation,
  { delayMs, twice, againAfterMs, evenWhenExpired, undeliverable }: Delivery,
): Promise<void> {
  const { clock, habits } = world;
  const expired = () => clock.nowMs() >= command.expiresMs;
  const readyMs = clock.nowMs() + habits.deliveryDelayMs + delayMs;
  while (!known.node.online || clock.nowMs() < readyMs) {
    if (world.closing || (isFinal(invocation) && !evenWhenExpired)) return;
    if (expired()) {
      if (habits.undeliveredNoticedMs > 0) await clock.sleep(habits.undeliveredNoticedMs);
      conclude(invocation, 'TimedOut', 'DeliveryTimedOut');
      if (!evenWhenExpired) return;
    }
    if (habits.absentIsDelayed && !known.node.online && invocation.status === 'Pending') {
      invocation.status = 'Delayed';
      invocation.statusDetails = 'Delayed';
    }
    const waitMs = known.node.online ? readyMs - clock.nowMs() : habits.offlinePollMs;
    const leftMs = command.expiresMs - clock.nowMs();
    await clock.sleep(leftMs > 0 ? Math.min(waitMs, leftMs) : waitMs);
  }
  if (undeliverable) {
    // The API's list of statuses has no other for it: https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
    conclude(invocation, 'Failed', 'Undeliverable');
    return;
  }
  const free = await takePlace(world, known);
  try {
    if (isFinal(invocation) && !evenWhenExpired) return;
    await runOnNode(world, known, command, invocation);
    if (!twice) return;
    await clock.sleep(againAfterMs);
    if (!world.closing) await runOnNode(world, known, command, invocation);
  } finally {
    free();
  }
}
