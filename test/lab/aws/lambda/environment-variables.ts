/** What a function finds in its environment: the template's variables, what the managed runtime sets, and nothing of ours but PATH. */
import { roleSession, sessionCredentials } from '../principal.ts';
import type { World } from '../world.ts';
import type { LambdaFunction } from './function.ts';

export function environmentVariables(
  world: World,
  lambda: LambdaFunction,
  environmentId: string,
): Record<string, string> {
  const credentials = sessionCredentials();
  world.callers.set(
    credentials.accessKeyId,
    roleSession(world.place, lambda.role, { name: lambda.name, functionArn: lambda.arn, environmentId }),
  );
  world.secretAccessKeys.set(credentials.accessKeyId, credentials.secretAccessKey);
  return {
    ...lambda.environment,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: lambda.codeDir,
    _HANDLER: lambda.handler,
    AWS_LAMBDA_RUNTIME_API: `${world.endpoint.replace('http://', '')}/runtime/${environmentId}`,
    AWS_LAMBDA_FUNCTION_NAME: lambda.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: lambda.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `stand-in/[$LATEST]${environmentId.replaceAll('-', '')}`,
    AWS_LAMBDA_LOG_FORMAT: lambda.logFormat,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: world.place.region,
    AWS_DEFAULT_REGION: world.place.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    // The one variable that AWS does not set: it leads the SDK here.
    AWS_ENDPOINT_URL: world.endpoint,
  };
}
