/**
 * The managed runtime's part, in small: runs in the child process, loads the handler, asks for invocations one after the other.
 * Nothing but Node's own modules, and no import from the rest of the stand-in: the child must see what it would see on AWS.
 */
import { access } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT = '.', _HANDLER = '' } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
let requestId = '';
delete process.env.NODE_COMPILE_CACHE;
const [, , pausesPassTimes = '1'] = process.argv;
if (pausesPassTimes !== '1') passPauses(Number(pausesPassTimes));

if (process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON') logAsJson();

const handler = await load().catch(async (error: unknown) => {
  await post('init/error', JSON.stringify(serialize(error)));
  process.exit(1);
});
// Now, since it will be killed.
flushCompileCache();
for (;;) await invokeOnce();

function passPauses(times: number): void {
  // What lasts longer than a pause is a time limit of the function's own, such as the 20 s that Zabbix has for an answer.
  const longestPauseMs = 15_000;
  const set = globalThis.setTimeout;
  const sooner = (then: () => void, ms = 0, ...more: unknown[]): unknown =>
    Reflect.apply(set, globalThis, [then, ms > longestPauseMs ? ms : ms / times, ...more]);
  Reflect.set(globalThis, 'setTimeout', sooner);
}

async function invokeOnce(): Promise<void> {
  const next = await fetch(`${api}/invocation/next`).catch(() => process.exit(0));
  const event: unknown = await next.json();
  requestId = next.headers.get('lambda-runtime-aws-request-id') ?? '';
  const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
  let answer: { readonly path: string; readonly body: string };
  try {
    const result: unknown = await handler(event, context);
    answer = { path: 'response', body: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    const serialized = serialize(error);
    console.error('Invoke Error', JSON.stringify(serialized));
    answer = { path: 'error', body: JSON.stringify(serialized) };
  }
  // The stand-in takes the answer only once it has read everything that was printed before it.
  for (const stream of [process.stdout, process.stderr]) stream.write(`\u0000end ${requestId}\n`);
  await post(`invocation/${requestId}/${answer.path}`, answer.body);
}

async function load(): Promise<(event: unknown, context: unknown) => unknown> {
  const dot = _HANDLER.lastIndexOf('.');
  const base = join(LAMBDA_TASK_ROOT, _HANDLER.slice(0, dot));
  const name = _HANDLER.slice(dot + 1);
  for (const extension of ['.js', '.mjs', '.cjs']) {
    const file = `${base}${extension}`;
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (!found) continue;
    const loaded: unknown = await import(pathToFileURL(file).href);
    const exported: unknown = pick(loaded, name) ?? pick(pick(loaded, 'default'), name);
    if (typeof exported !== 'function')
      throw named('Runtime.HandlerNotFound', `${_HANDLER} is undefined or not exported`);
    return (event, context): unknown => exported(event, context);
  }
  throw named('Runtime.ImportModuleError', `Cannot find module '${base}'`);
}

function pick(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function serialize(error: unknown): { errorType: string; errorMessage: string; stackTrace: string[] } {
  return error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, stackTrace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), stackTrace: [] };
}

async function post(path: string, body: string): Promise<void> {
  // Nobody there any more: the stand-in is closed.
  await fetch(`${api}/${path}`, { method: 'POST', body }).catch(() => process.exit(0));
}

/** With the JSON log format the managed runtime wraps what the console is given; a single object stays an object. */
function logAsJson(): void {
  const levels = { debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'TRACE' } as const;
  for (const [method, level] of Object.entries(levels)) {
    const write = (...values: unknown[]): void => {
      const [only] = values;
      const message: unknown =
        values.length === 1 && typeof only === 'object' && only !== null ? only : format(...values);
      process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, requestId, message })}\n`);
    };
    Reflect.set(console, method, write);
  }
}
