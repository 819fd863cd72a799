import { z } from 'zod';
import { defineAction } from '../action.ts';
import { conclude, findCommand } from './command.ts';

/** What runs is killed without a trap; what has not been delivered never will be. */
export const cancelCommand = defineAction({
  name: 'ssm:CancelCommand',
  request: z.strictObject({ CommandId: z.uuid(), InstanceIds: z.array(z.string()).max(50).optional() }),
  needs: () => [{ action: 'ssm:CancelCommand', resource: '*' }],
  answer({ CommandId, InstanceIds = [] }, { world }) {
    const command = findCommand(world, CommandId);
    for (const invocation of command.invocations.values()) {
      if (InstanceIds.length > 0 && !InstanceIds.includes(invocation.instanceId)) continue;
      if (invocation.status === 'Pending') conclude(invocation, 'Cancelled');
      else if (invocation.script !== undefined) invocation.cancelRequested = true;
      invocation.script?.kill();
    }
    return {};
  },
});
