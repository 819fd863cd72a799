import type { Context } from 'aws-lambda';
import { parseRepairEvent } from './repair-event.ts';
import { repair } from './rotation/repair.ts';
import { repairAll } from './rotation/repair-all.ts';
import { repairWaiting } from './rotation/repair-waiting.ts';
import type { Answer } from './rotation/rotate-request.ts';
import { onPorts } from './wire.ts';

/**
 * The repair function: brings to an end what a rotation left unfinished. Called by Secrets Manager's event of a failed or
 * abandoned rotation, by a slow schedule, by a quick one for what waits, and from the Lambda console with `{"repair": …}`.
 *
 * @throws what could not be brought to an end, as one sentence
 */
export function handler(event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<Answer> {
  return onPorts('repair', context.getRemainingTimeInMillis(), async (ports, deadline) => {
    const { secret, failed } = parseRepairEvent(event);
    const says =
      secret === 'all'
        ? await repairAll(ports, deadline)
        : secret === 'waiting'
          ? await repairWaiting(ports, deadline)
          : [await repair(secret, ports, deadline, failed)];
    return { says: says.map((sentence) => `${sentence}.`) };
  });
}
