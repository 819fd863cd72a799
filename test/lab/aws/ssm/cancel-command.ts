import { z } from 'zod';
import { defineAction } from '../action.ts';
import type { World } from '../world.ts';
import { conclude, findCommand, type Invocation, isWaiting } from './command.ts';

/** What runs is killed without a trap as soon as its node hears of it, unless it has ended by then; what has not been delivered never will be. */
export const cancelCommand = defineAction({
  name: 'ssm:CancelCommand',
  request: z.strictObject({ CommandId: z.uuid(), InstanceIds: z.array(z.string()).max(50).optional() }),
  needs: () => [{ action: 'ssm:CancelCommand', resource: '*' }],
  answer({ CommandId, InstanceIds = [] }, { world }) {
    const command = findCommand(world, CommandId);
    for (const invocation of command.invocations.values()) {
      if (InstanceIds.length > 0 && !InstanceIds.includes(invocation.instanceId)) continue;
      if (isWaiting(invocation)) conclude(invocation, 'Cancelled');
      else if (invocation.status === 'InProgress') {
        invocation.status = 'Cancelling';
        invocation.statusDetails = 'Cancelling';
        world.background(`cancelling ${command.id}`, () => stop(world, invocation));
      }
    }
    return {};
  },
});

async function stop({ clock, habits }: World, invocation: Invocation): Promise<void> {
  await clock.sleep(habits.deliveryDelayMs);
  if (invocation.script === undefined) return;
  invocation.cancelRequested = true;
  invocation.script.kill();
}
