/** The HTTP side of S3: who asks, whether S3 is in a hurry, and the rest as for every other service. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { accessKeyIdOf } from '../principal.ts';
import { errorBody, route } from '../router.ts';
import { signatureProblem } from '../signature.ts';
import type { World } from '../world.ts';
import { readS3, writeS3 } from './rest.ts';

export function answerS3(world: World, request: IncomingMessage, body: string, response: ServerResponse): void {
  const { operation, parameters } = readS3(request, body);
  const { authorization } = request.headers;
  const refused = refusal(world, request, body);
  const reply = refused ?? route(world, { target: `s3.${operation}`, authorization, body: JSON.stringify(parameters) });
  if (reply.kind === 'nothing') {
    if (reply.kill !== undefined) world.environments.kill(reply.kill);
    request.socket.destroy();
    return;
  }
  const { status, headers, body: text } = writeS3(operation, reply);
  response.writeHead(status, { 'x-amz-request-id': randomUUID(), ...headers }).end(text);
}

function refusal(world: World, { method = '', url = '', headers }: IncomingMessage, body: string) {
  const secret = world.secretAccessKeys.get(accessKeyIdOf(headers.authorization) ?? '');
  const problem =
    secret === undefined ? undefined : signatureProblem({ service: 's3', method, url, headers, body }, secret);
  if (problem !== undefined) {
    world.records.breakdowns.push(`s3: ${method} ${url}: ${problem}`);
    return refuse(403, 'SignatureDoesNotMatch', problem);
  }
  world.s3Calls += 1;
  const { slowDownEvery } = world.habits;
  return slowDownEvery > 0 && world.s3Calls % slowDownEvery === 0
    ? refuse(503, 'SlowDown', 'Please reduce your request rate.')
    : undefined;
}

function refuse(status: number, errorCode: string, message: string) {
  return { kind: 'answer', status, errorCode, body: errorBody(errorCode, message) } as const;
}
