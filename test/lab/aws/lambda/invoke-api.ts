/** `aws lambda invoke`: the one action here that is REST and not JSON 1.1, and the one that waits for a function. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson } from '../json.ts';
import { accessKeyIdOf, nameOf } from '../principal.ts';
import type { World } from '../world.ts';
import { invoke } from './invoke.ts';

const path = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/;

export function isInvoke(request: IncomingMessage): boolean {
  return request.method === 'POST' && path.test(request.url ?? '');
}

export async function answerInvoke(
  world: World,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const name = decodeURIComponent(request.url?.match(path)?.groups?.name ?? '');
  const caller = world.callers.get(accessKeyIdOf(request.headers.authorization) ?? '');
  const lambda = world.functions.get(name) ?? [...world.functions.values()].find((known) => known.name === name);
  const reply = (status: number, text: string, headers: Record<string, string> = {}) => {
    world.records.requests.push({
      atMs: world.clock.nowMs(),
      service: 'lambda',
      action: 'lambda:Invoke',
      caller: caller === undefined ? 'nobody' : nameOf(caller),
      requestBody: body,
      answerBody: text,
      status,
      errorCode: headers['x-amzn-errortype'],
      secretStore: false,
    });
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
  const refuse = (status: number, code: string, Message: string) =>
    reply(status, JSON.stringify({ Type: 'User', Message }), { 'x-amzn-errortype': code });

  if (caller === undefined) {
    refuse(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
    return;
  }
  const kind = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (kind !== 'RequestResponse') {
    world.records.unsupported.push(`lambda:Invoke with invocation type ${String(kind)} is not imitated`);
    refuse(501, 'NotImitated', `invocation type ${String(kind)}`);
    return;
  }
  const resource = lambda?.arn ?? name;
  const access = { action: 'lambda:InvokeFunction', resource, resourcePolicy: lambda?.policy ?? [] };
  if (!world.permissions.may(caller, access)) {
    refuse(403, 'AccessDeniedException', world.records.denials.at(-1)?.message ?? '');
    return;
  }
  if (lambda === undefined) {
    refuse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
    return;
  }
  const { result, error } = await invoke(world, lambda, body === '' ? {} : parseJson(body), caller);
  const version = { 'x-amz-executed-version': '$LATEST' };
  if (error === undefined) reply(200, JSON.stringify(result ?? null), version);
  else reply(200, JSON.stringify(error), { ...version, 'x-amz-function-error': 'Unhandled' });
}
