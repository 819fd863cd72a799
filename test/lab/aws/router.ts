/** From `X-Amz-Target` to the action's file. Who calls, whether a fault strikes, what is remembered: decided here for all of them. */
import type { Action } from './action.ts';
import { AwsError, NotImitated } from './aws-error.ts';
import { putEvents } from './events/put-events.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { getPublicKey } from './kms/get-public-key.ts';
import { sign } from './kms/sign.ts';
import { accessKeyIdOf, nameOf, type Principal } from './principal.ts';
import { getObject } from './s3/get-object.ts';
import { listObjectsV2 } from './s3/list-objects-v2.ts';
import { putObject } from './s3/put-object.ts';
import { cancelRotateSecret } from './secrets-manager/cancel-rotate-secret.ts';
import { createSecret } from './secrets-manager/create-secret.ts';
import { deleteSecret } from './secrets-manager/delete-secret.ts';
import { describeSecret } from './secrets-manager/describe-secret.ts';
import { getSecretValue } from './secrets-manager/get-secret-value.ts';
import { listSecretVersionIds } from './secrets-manager/list-secret-version-ids.ts';
import { listSecrets } from './secrets-manager/list-secrets.ts';
import { putSecretValue } from './secrets-manager/put-secret-value.ts';
import { rotateSecret } from './secrets-manager/rotate-secret.ts';
import { updateSecretVersionStage } from './secrets-manager/update-secret-version-stage.ts';
import { assertAnswer, assertError, assertRequest, serverErrorOf } from './shapes.ts';
import { cancelCommand } from './ssm/cancel-command.ts';
import { describeDocument } from './ssm/describe-document.ts';
import { describeInstanceInformation } from './ssm/describe-instance-information.ts';
import { getCommandInvocation } from './ssm/get-command-invocation.ts';
import { getDocument } from './ssm/get-document.ts';
import { listCommandInvocations } from './ssm/list-command-invocations.ts';
import { listCommands } from './ssm/list-commands.ts';
import { sendCommand } from './ssm/send-command.ts';
import type { World } from './world.ts';

/** Target prefix on the wire → IAM's name of the service. */
const services: Readonly<Record<string, string>> = {
  secretsmanager: 'secretsmanager',
  AmazonSSM: 'ssm',
  AWSEvents: 'events',
  s3: 's3',
  TrentService: 'kms',
};

const actions: ReadonlyMap<string, Action> = new Map(
  [
    cancelRotateSecret,
    createSecret,
    deleteSecret,
    describeSecret,
    getSecretValue,
    listSecretVersionIds,
    listSecrets,
    putSecretValue,
    rotateSecret,
    updateSecretVersionStage,
    cancelCommand,
    describeDocument,
    describeInstanceInformation,
    getCommandInvocation,
    getDocument,
    listCommandInvocations,
    listCommands,
    sendCommand,
    putEvents,
    getObject,
    listObjectsV2,
    putObject,
    getPublicKey,
    sign,
  ].map((action) => [action.name, action]),
);

/** `ssm:SendCommand`: everything that is imitated. `lambda:Invoke` waits for a function and has a door of its own. */
export const actionNames: readonly string[] = [...actions.keys(), 'lambda:Invoke'];

export interface WireRequest {
  readonly target: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

export type WireAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly errorCode?: string }
  /** The connection is cut: the answer is lost, or nobody is left to hear it. */
  | { readonly kind: 'nothing'; readonly kill: string | undefined };

export function route(world: World, request: WireRequest): WireAnswer {
  const [prefix = '', operation = ''] = (request.target ?? '').split('.');
  const name = `${services[prefix] ?? prefix}:${operation}`;
  const caller = world.callers.get(accessKeyIdOf(request.authorization) ?? '');
  if (caller === undefined) {
    const body = errorBody('UnrecognizedClientException', 'The security token included in the request is invalid.');
    return { kind: 'answer', status: 400, body, errorCode: 'UnrecognizedClientException' };
  }
  const planned = world.faults.onCall(name, caller, request.body);
  const tooMany = world.requestRates.isOver(name, world.clock.nowMs());
  const reaction = planned === 'pass' && tooMany ? 'throttle' : planned;
  const environmentId = caller.kind === 'role' ? caller.environmentId : undefined;
  if (reaction === 'kill-before') {
    remember(world, name, caller, request.body, { kind: 'answer', status: 0, body: '', errorCode: 'KilledBefore' });
    return { kind: 'nothing', kill: environmentId };
  }
  const answer =
    reaction === 'throttle' || reaction === 'server-error'
      ? refuse(name, reaction)
      : perform(world, name, caller, request);
  remember(world, name, caller, request.body, answer);
  if (reaction === 'lose-answer') return { kind: 'nothing', kill: undefined };
  if (reaction === 'kill-after') return { kind: 'nothing', kill: environmentId };
  return answer;
}

type Answer = Extract<WireAnswer, { kind: 'answer' }>;

function perform(world: World, name: string, caller: Principal, request: WireRequest): Answer {
  try {
    const action = actions.get(name);
    if (action === undefined) throw new NotImitated(`action ${name} is not imitated`);
    const body = parseJson(request.body === '' ? '{}' : request.body);
    assertRequest(name, body, world.records);
    const answer = action.handle(body, { world, caller });
    assertAnswer(name, answer);
    return { kind: 'answer', status: 200, body: JSON.stringify(answer) };
  } catch (error) {
    return refusal(world, name, error);
  }
}

function refusal(world: World, name: string, error: unknown): Answer {
  try {
    if (!(error instanceof AwsError)) throw error;
    assertError(name, error.code);
    return { kind: 'answer', status: error.status, body: errorBody(error.code, error.message), errorCode: error.code };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof NotImitated) world.records.unsupported.push(message);
    else world.records.breakdowns.push(`${name}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    // 501 is a status that no SDK retries.
    return { kind: 'answer', status: 501, body: errorBody('NotImitated', message), errorCode: 'NotImitated' };
  }
}

function refuse(name: string, reaction: 'throttle' | 'server-error'): Answer {
  const [status, errorCode, message] =
    reaction === 'throttle'
      ? ([400, 'ThrottlingException', 'Rate exceeded'] as const)
      : ([500, serverErrorOf(name), 'An internal error occurred.'] as const);
  return { kind: 'answer', status, body: errorBody(errorCode, message), errorCode };
}

function remember(world: World, action: string, caller: Principal, requestBody: string, answer: Answer): void {
  world.records.requests.push({
    atMs: world.clock.nowMs(),
    service: action.split(':')[0] ?? '',
    action,
    caller: nameOf(caller),
    functionArn: caller.kind === 'role' ? caller.functionArn : undefined,
    environmentId: caller.kind === 'role' ? caller.environmentId : undefined,
    requestBody,
    answerBody: answer.body,
    status: answer.status,
    errorCode: answer.errorCode,
    secretStore: actions.get(action)?.carriesSecret ?? false,
  });
}

export function errorBody(code: string, message: string): string {
  const body: JsonObject = { __type: code, message, Message: message } satisfies Record<string, Json>;
  return JSON.stringify(body);
}
