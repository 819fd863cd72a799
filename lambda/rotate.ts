import type { Context } from 'aws-lambda';
import { parseEvent } from './event.ts';
import { requestInspection } from './rotation/inspect-request.ts';
import { type Answer, requestRotation } from './rotation/rotate-request.ts';
import { runStep } from './rotation/rotation.ts';
import { onPorts } from './wire.ts';

/**
 * The rotation function. Secrets Manager calls it with a step; the Lambda console with `{"rotate": …}` or `{"inspect": …}`.
 *
 * @throws what ended the rotation, as one sentence; Lambda and Secrets Manager show it
 */
export function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<Answer | undefined> {
  return onPorts('rotate', context.getRemainingTimeInMillis(), async (ports, deadline) => {
    const call = parseEvent(event);
    if ('rotate' in call) return requestRotation(call, ports, deadline);
    if ('inspect' in call) return requestInspection(call, ports, deadline);
    await runStep(call, ports, deadline);
    return undefined;
  });
}
