/** Runs a function once and waits for its end. Who may invoke it is asked here, by the function's own policy too. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { metricDatum } from '../cloudwatch/alarm.ts';
import type { Json } from '../json.ts';
import { nameOf, type Principal } from '../principal.ts';
import type { FunctionError } from '../records.ts';
import type { World } from '../world.ts';
import type { LambdaFunction } from './function.ts';
import type { ProcessUsage } from './process-usage.ts';

export interface InvocationEnd {
  readonly requestId: string;
  readonly result?: Json;
  readonly error?: FunctionError;
  /** CPU time of this invocation, and the most memory that its process has ever held; not when the process has died. */
  readonly usage?: ProcessUsage;
}

export async function invoke(
  world: World,
  lambda: LambdaFunction,
  event: Json,
  caller: Principal,
): Promise<InvocationEnd> {
  const requestId = randomUUID();
  const access = { action: 'lambda:InvokeFunction', resource: lambda.arn, resourcePolicy: lambda.policy };
  if (!world.permissions.may(caller, access)) {
    return {
      requestId,
      error: { errorType: 'AccessDeniedException', errorMessage: `${nameOf(caller)} may not invoke ${lambda.name}` },
    };
  }
  const startedMs = world.clock.nowMs();
  const { end, coldStart } = await world.environments.run(lambda, requestId, event);
  world.records.invocations.push({
    atMs: startedMs,
    functionName: lambda.name,
    requestId,
    by: nameOf(caller),
    event,
    result: end.result,
    error: end.error,
    durationMs: world.clock.nowMs() - startedMs,
    coldStart,
    usage: end.usage,
  });
  if (end.error !== undefined) metricDatum(world, 'AWS/Lambda', 'Errors', { FunctionName: lambda.name });
  return end;
}

/** For services that do not wait: a failed invocation is repeated. */
export async function invokeAndRetry(
  world: World,
  lambda: LambdaFunction,
  event: Json,
  caller: Principal,
): Promise<void> {
  const retries = lambda.asyncRetries ?? world.habits.asyncRetries;
  for (let tries = 0; tries <= retries && !world.closing; tries += 1) {
    if (tries > 0) await world.clock.sleep(world.habits.asyncRetryMs);
    const { error } = await invoke(world, lambda, event, caller);
    if (error === undefined) return;
  }
}

export function findFunction(world: World, nameOrArn: string): LambdaFunction {
  const found =
    world.functions.get(nameOrArn) ??
    [...world.functions.values()].find(({ name, logicalId }) => name === nameOrArn || logicalId === nameOrArn);
  if (found === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
  return found;
}
