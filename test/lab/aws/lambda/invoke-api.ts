/** `aws lambda invoke`: REST as S3, and the one that waits for a function. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, NotImitated } from '../aws-error.ts';
import type { Json, JsonObject } from '../json.ts';
import { parseJson } from '../json.ts';
import { accessKeyIdOf, nameOf, type Principal } from '../principal.ts';
import { operationOf, shapeOf } from '../service-model.ts';
import { assertAnswer, assertError, assertRequest } from '../shapes.ts';
import type { World } from '../world.ts';
import { invoke } from './invoke.ts';

const action = 'lambda:Invoke';
const path = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/;

export function isInvoke({ method, url = '' }: IncomingMessage): boolean {
  return method === 'POST' && path.test(new URL(url, 'http://lambda').pathname);
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function answerInvoke(
  world: World,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const caller = world.callers.get(accessKeyIdOf(request.headers.authorization) ?? '');
  const { status, text, headers } =
    caller === undefined
      ? refusal(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
      : await perform(world, request, body, caller);
  world.records.requests.push({
    atMs: world.clock.nowMs(),
    service: 'lambda',
    action,
    caller: caller === undefined ? 'nobody' : nameOf(caller),
    requestBody: body,
    answerBody: text,
    status,
    errorCode: headers['x-amzn-errortype'],
    secretStore: false,
  });
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

async function perform(world: World, request: IncomingMessage, body: string, caller: Principal): Promise<Reply> {
  try {
    const parameters = read(request, body);
    assertRequest(action, parameters, world.records);
    return await answer(world, parameters, caller);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof AwsError) {
      assertError(action, error.code);
      return refusal(error.status, error.code, message);
    }
    if (error instanceof NotImitated) world.records.unsupported.push(message);
    else world.records.breakdowns.push(`${action}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    return refusal(501, 'NotImitated', message);
  }
}

/** The request as the model has it. Of the headers those of the model: the others are every client's own. */
function read({ url = '', headers }: IncomingMessage, body: string): JsonObject {
  const { pathname, searchParams } = new URL(url, 'http://lambda');
  const parameters: Record<string, Json> = {
    // Every name of the query that the model does not know is refused as one.
    ...Object.fromEntries(searchParams),
    FunctionName: decodeURIComponent(path.exec(pathname)?.groups?.name ?? ''),
    ...(body === '' ? {} : { Payload: body }),
  };
  const { model, operation } = operationOf(action);
  const input = shapeOf(model, operation.input);
  if (input.type !== 'structure') throw new TypeError(`${operation.input} is no structure`);
  for (const [name, { location, locationName = name }] of Object.entries(input.members)) {
    const found = location === 'header' ? headers[locationName.toLowerCase()] : undefined;
    if (typeof found === 'string') parameters[name] = found;
  }
  return parameters;
}

async function answer(world: World, parameters: JsonObject, caller: Principal): Promise<Reply> {
  const { FunctionName, InvocationType = 'RequestResponse', LogType = 'None', Payload = '{}', ...others } = parameters;
  const unknown = [
    ...(InvocationType === 'RequestResponse' ? [] : [`invocation type ${InvocationType}`]),
    ...(LogType === 'None' ? [] : [`log type ${LogType}`]),
    ...Object.keys(others),
  ];
  if (unknown.length > 0) throw new NotImitated(`${action} with ${unknown.join(', ')} is not imitated`);
  const name = String(FunctionName);
  const lambda = world.functions.get(name) ?? [...world.functions.values()].find((known) => known.name === name);
  const access = {
    action: 'lambda:InvokeFunction',
    resource: lambda?.arn ?? name,
    resourcePolicy: lambda?.policy ?? [],
  };
  if (!world.permissions.may(caller, access))
    throw new AwsError('AccessDeniedException', world.records.denials.at(-1)?.message ?? '', 403);
  if (lambda === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
  const { result, error } = await invoke(world, lambda, event(String(Payload)), caller);
  const said = {
    StatusCode: 200,
    ExecutedVersion: '$LATEST',
    ...(error === undefined ? {} : { FunctionError: 'Unhandled' }),
    Payload: JSON.stringify(error ?? result ?? null),
  };
  assertAnswer(action, said);
  const headers = {
    'x-amz-executed-version': said.ExecutedVersion,
    ...(said.FunctionError === undefined ? {} : { 'x-amz-function-error': said.FunctionError }),
  };
  return { status: said.StatusCode, text: said.Payload, headers };
}

function event(payload: string): Json {
  try {
    return parseJson(payload);
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function refusal(status: number, code: string, Message: string): Reply {
  return { status, text: JSON.stringify({ Type: 'User', Message }), headers: { 'x-amzn-errortype': code } };
}
