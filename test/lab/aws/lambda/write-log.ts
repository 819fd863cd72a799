/** A line on its way to the function's log group, which the function's role must be allowed to write. */
import { logEvent } from '../cloudwatch/log-group.ts';
import { arn } from '../place.ts';
import { type Principal, roleSession } from '../principal.ts';
import type { LogRecord } from '../records.ts';
import type { World } from '../world.ts';
import type { LambdaFunction } from './function.ts';

export function writeLog(
  world: World,
  lambda: LambdaFunction,
  line: Pick<LogRecord, 'environmentId' | 'stream' | 'message' | 'delivered'>,
): void {
  const atMs = world.clock.nowMs();
  world.records.logs.push({ atMs, logGroup: lambda.logGroup, functionName: lambda.name, ...line });
  if (line.delivered && line.stream !== 'platform') logEvent(world, lambda.logGroup, line.message);
}

/** Asked once for every environment, as Lambda opens one log stream for each. */
export function mayWriteLogs(world: World, lambda: LambdaFunction, environmentId: string): boolean {
  const caller: Principal = roleSession(world.place, lambda.role, { name: lambda.name, functionArn: lambda.arn });
  const group = arn(world.place, 'logs', `log-group:${lambda.logGroup}`);
  if (!world.logGroups.has(lambda.logGroup)) {
    if (!world.permissions.may(caller, { action: 'logs:CreateLogGroup', resource: `${group}:*` })) return false;
    world.logGroups.set(lambda.logGroup, { name: lambda.logGroup, arn: `${group}:*` });
  }
  const logStream = `${group}:log-stream:${environmentId}`;
  return (
    world.permissions.may(caller, { action: 'logs:CreateLogStream', resource: `${group}:*` }) &&
    world.permissions.may(caller, { action: 'logs:PutLogEvents', resource: logStream })
  );
}
