/** The HTTP side: AWS JSON 1.1 for SDKs and the command line, and the Runtime API for the functions, on one free port of 127.0.0.1. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerInvoke, isInvoke } from './lambda/invoke-api.ts';
import { answerRuntime } from './lambda/runtime-api.ts';
import { accessKeyIdOf } from './principal.ts';
import { errorBody, route, type WireAnswer } from './router.ts';
import { answerS3 } from './s3/answer-s3.ts';
import { isS3 } from './s3/rest.ts';
import { signatureProblem } from './signature.ts';
import type { World } from './world.ts';

export async function listen(world: World): Promise<Server> {
  const server = createServer((request, response) => {
    answer(world, request, response).catch((error: unknown) => {
      if (!world.closing) world.records.breakdowns.push(`server: ${String(error)}`);
      response.destroy();
    });
  });
  // A function waits for its next event as long as it takes.
  server.requestTimeout = 0;
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', ready);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  world.endpoint = `http://127.0.0.1:${address.port}`;
  return server;
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (request.url?.startsWith('/runtime/') === true) {
    answerRuntime(world.environments, request, body, response);
    return;
  }
  if (isInvoke(request)) {
    await answerInvoke(world, request, body, response);
    return;
  }
  if (isS3(request)) {
    answerS3(world, request, body, response);
    return;
  }
  const target = request.headers['x-amz-target'];
  const reply =
    wronglySigned(world, request, body) ??
    route(world, {
      target: typeof target === 'string' ? target : `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
      body,
    });
  if (reply.kind === 'nothing') {
    if (reply.kill !== undefined) world.environments.kill(reply.kill);
    request.socket.destroy();
    return;
  }
  response.writeHead(reply.status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
    ...(reply.errorCode === undefined ? {} : { 'x-amzn-errortype': reply.errorCode }),
  });
  response.end(reply.body);
}

/** Requests to KMS are signed by our own hand. */
function wronglySigned(world: World, request: IncomingMessage, body: string): WireAnswer | undefined {
  const { method = '', url = '', headers } = request;
  const secret = world.secretAccessKeys.get(accessKeyIdOf(headers.authorization) ?? '');
  if (secret === undefined || !String(headers['x-amz-target']).startsWith('TrentService.')) return undefined;
  const problem = signatureProblem({ service: 'kms', method, url, headers, body }, secret);
  if (problem === undefined) return undefined;
  world.records.breakdowns.push(`kms: ${problem}`);
  const errorCode = 'InvalidSignatureException';
  return { kind: 'answer', status: 400, errorCode, body: errorBody(errorCode, problem) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
