/**
 * The Lambda Runtime API, as far as a managed runtime uses it. Each environment has its own path in front of it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Json, parseJson } from '../json.ts';
import type { FunctionError } from '../records.ts';
import type { Environments } from './environments.ts';

const path =
  /^\/runtime\/(?<id>[^/]+)\/2018-06-01\/runtime\/(?<what>init\/error|invocation\/(?<request>[^/]+)(?:\/(?<kind>response|error))?)$/;

export function answerRuntime(
  environments: Environments,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  const { id = '', what, request: requestId = '', kind } = request.url?.match(path)?.groups ?? {};
  const environment = environments.get(id);
  if (environment === undefined || what === undefined) {
    response.writeHead(404).end();
    return;
  }
  if (what === 'init/error') {
    environment.initFailed(functionError(parseJson(body)));
    response.writeHead(202).end('{}');
  } else if (what === 'invocation/next') {
    environment.next((work) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': work.requestId,
        'lambda-runtime-deadline-ms': String(work.deadlineMs),
        'lambda-runtime-invoked-function-arn': work.functionArn,
      });
      response.end(JSON.stringify(work.event));
    });
  } else {
    const outcome =
      kind === 'error' ? { error: functionError(parseJson(body)) } : { result: body === '' ? null : parseJson(body) };
    environment.answered(requestId, outcome);
    response.writeHead(202).end('{}');
  }
}

function functionError(body: Json): FunctionError {
  const { errorType, errorMessage, stackTrace } = isObject(body) ? body : {};
  return {
    errorType: String(errorType),
    errorMessage: String(errorMessage),
    stackTrace: Array.isArray(stackTrace) ? stackTrace.map(String) : undefined,
  };
}
