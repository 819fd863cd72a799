import { looseObject, minLength, enum as oneOf, optional, strictObject, string, union } from 'zod/mini';
import { Refusal } from './errors.ts';
import { quote } from './quote.ts';
import type { InspectRequest } from './rotation/inspect-request.ts';
import type { RotateRequest } from './rotation/rotate-request.ts';
import { type StepCall, steps } from './rotation/rotation.ts';

const name = string().check(minLength(1));
const stepShape = looseObject({ Step: oneOf(steps), SecretId: name, ClientRequestToken: name });
const requestShape = union([strictObject({ rotate: name, abandon: optional(name) }), strictObject({ inspect: name })]);

/**
 * What the function may be called with: a step by Secrets Manager, or a test event from the Lambda console.
 *
 * @throws {Refusal} for anything else, naming the keys it saw and never their values
 */
export function parseEvent(event: unknown): StepCall | RotateRequest | InspectRequest {
  const step = stepShape.safeParse(event);
  if (step.success) return { step: step.data.Step, secretId: step.data.SecretId, token: step.data.ClientRequestToken };
  const request = requestShape.safeParse(event);
  if (request.success) return request.data;
  const keys = typeof event === 'object' && event !== null ? Object.keys(event).join(', ') : typeof event;
  throw new Refusal(
    'EVENT_UNKNOWN',
    `the event is neither a rotation step of Secrets Manager nor {"rotate": "<secret>"} nor {"inspect": "<secret>"} (it has: ${quote(keys)})`,
  );
}
