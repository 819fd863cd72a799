import { iso, literal, looseObject, minLength, strictObject, string } from 'zod/mini';
import { Refusal } from './errors.ts';
import { quote } from './quote.ts';
import type { Instant } from './rotation/model.ts';

/** Which secret to look after; `all`: every one whose rotation is unfinished; `waiting`: those that wait. */
export interface RepairEvent {
  readonly secret: string;
  /** When the rotation failed that this is about; undefined: a human or the schedule asks. */
  readonly failed: Instant | undefined;
}

const name = string().check(minLength(1));
const requestShape = strictObject({ repair: name });
/** @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html */
const rotationEventShape = looseObject({
  source: literal('aws.secretsmanager'),
  time: iso.datetime(),
  detail: looseObject({ additionalEventData: looseObject({ SecretId: name }) }),
});

/**
 * What the repair function may be called with: Secrets Manager's event of a rotation, or a test event from the Lambda console.
 *
 * @throws {Refusal} for anything else, naming the keys it saw and never their values
 */
export function parseRepairEvent(event: unknown): RepairEvent {
  const request = requestShape.safeParse(event);
  if (request.success) return { secret: request.data.repair, failed: undefined };
  const rotationEvent = rotationEventShape.safeParse(event);
  if (rotationEvent.success) {
    const { time, detail } = rotationEvent.data;
    return { secret: detail.additionalEventData.SecretId, failed: { ms: Date.parse(time) } };
  }
  const keys = typeof event === 'object' && event !== null ? Object.keys(event).join(', ') : typeof event;
  throw new Refusal(
    'EVENT_UNKNOWN',
    `the event is neither an event of a rotation by Secrets Manager nor {"repair": "<secret>"}, {"repair": "all"} or {"repair": "waiting"} (it has: ${quote(keys)})`,
  );
}
