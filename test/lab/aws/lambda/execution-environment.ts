/** One execution environment: a child Node that has loaded the handler and runs one invocation at a time, until it dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Json } from '../json.ts';
import type { FunctionError, LogRecord } from '../records.ts';
import type { World } from '../world.ts';
import { environmentVariables } from './environment-variables.ts';
import type { LambdaFunction } from './function.ts';
import type { InvocationEnd } from './invoke.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import { mayWriteLogs, writeLog } from './write-log.ts';

/** Written by the bootstrap after the last line of an invocation. */
const endMark = '\u0000end ';
const bootstrap = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));

interface Work {
  readonly requestId: string;
  readonly event: Json;
  readonly functionArn: string;
  readonly deadlineMs: number;
}

export class ExecutionEnvironment {
  readonly id: string = randomUUID();
  readonly lambda: LambdaFunction;
  alive = true;
  readonly #world: World;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** Settles when the runtime asks for its next invocation, or when it is clear that it never will. */
  #asks = Promise.withResolvers<void>();
  #claimed = false;
  #deliver: ((work: Work) => void) | undefined;
  #current:
    | { readonly work: Work; readonly before: ProcessUsage | undefined; readonly end: (end: InvocationEnd) => void }
    | undefined;
  #initialized = false;
  #logsDelivered: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;
  #initError: FunctionError | undefined;
  #answer: { readonly requestId: string; readonly outcome: Pick<InvocationEnd, 'result' | 'error'> } | undefined;
  /** Which invocation's end each stream has shown last. */
  readonly #drained = { stdout: '', stderr: '' };

  /** @param compiled folder of Node's compile cache */
  constructor(world: World, lambda: LambdaFunction, compiled: string) {
    this.#world = world;
    this.lambda = lambda;
    const heapMb = `--max-old-space-size=${lambda.memoryMb}`;
    const node = [heapMb, '--disable-warning=ExperimentalWarning', bootstrap, `${world.habits.pausesPassTimes}`];
    this.#child = spawn(process.execPath, node, {
      cwd: lambda.codeDir,
      // The bootstrap takes it out of what the function sees.
      env: { ...environmentVariables(world, lambda, this.id), NODE_COMPILE_CACHE: compiled },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((done) => {
      this.#child.once('close', (code, signal) => {
        this.#died(signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`);
        done();
      });
    });
    this.#child.once('error', (error) => this.#died(error.message));
    for (const stream of ['stdout', 'stderr'] as const) this.#capture(stream);
  }

  /** Alive and without work; the runtime may need another moment until it asks for some. */
  get free(): boolean {
    return this.alive && !this.#claimed;
  }

  /** What its process has taken until now; undefined: it is dead. */
  get usage(): ProcessUsage | undefined {
    return processUsage(this.#child.pid);
  }

  /** @returns undefined when a process that was warm has died before it could take the work: somebody else must */
  async run(requestId: string, event: Json): Promise<InvocationEnd | undefined> {
    const { clock, habits } = this.#world;
    const warm = this.#initialized;
    this.#claimed = true;
    await Promise.race([this.#asks.promise, clock.sleep(habits.initTimeoutMs)]);
    if (this.#initError !== undefined) return warm ? undefined : { requestId, error: this.#initError };
    const deliver = this.#deliver;
    if (deliver === undefined) {
      this.kill();
      const errorMessage = `INIT_REPORT Status: timeout after ${habits.initTimeoutMs} ms`;
      return { requestId, error: { errorType: 'Sandbox.Timedout', errorMessage } };
    }
    this.#initialized = true;
    const timeoutMs = this.lambda.timeoutS * 1000;
    const work = { requestId, event, functionArn: this.lambda.arn, deadlineMs: Date.now() + timeoutMs };
    return new Promise((end) => {
      this.#current = { work, before: this.usage, end };
      this.#deliver = undefined;
      this.#asks = Promise.withResolvers();
      this.#log('platform', `START RequestId: ${requestId}`);
      deliver(work);
      // A function's time is the machine's: its process cannot be given another clock.
      this.#timer = setTimeout(() => this.#timedOut(requestId), timeoutMs);
      this.#timer.unref();
    });
  }

  /** The runtime asks for its next invocation. */
  next(deliver: (work: Work) => void): void {
    this.#deliver = deliver;
    this.#asks.resolve();
  }

  /** The runtime's answer counts once both streams have been read up to it, so that no log line comes after the end. */
  answered(requestId: string, outcome: Pick<InvocationEnd, 'result' | 'error'>): void {
    this.#answer = { requestId, outcome };
    this.#settle();
  }

  #settle(): void {
    if (this.#answer === undefined) return;
    const { requestId, outcome } = this.#answer;
    if (this.#drained.stdout !== requestId || this.#drained.stderr !== requestId) return;
    this.#answer = undefined;
    this.#finished(requestId, outcome);
  }

  #finished(requestId: string, outcome: Pick<InvocationEnd, 'result' | 'error'>): void {
    if (this.#current?.work.requestId !== requestId) return;
    const { before, end } = this.#current;
    this.#claimed = false;
    clearTimeout(this.#timer);
    this.#current = undefined;
    this.#log('platform', `END RequestId: ${requestId}`);
    end({ requestId, ...outcome, ...this.#usageSince(before) });
  }

  #usageSince(before: ProcessUsage | undefined): Pick<InvocationEnd, 'usage'> {
    const now = this.usage;
    if (before === undefined || now === undefined) return {};
    return { usage: { cpuMs: now.cpuMs - before.cpuMs, maxRssKb: now.maxRssKb } };
  }

  initFailed(error: FunctionError): void {
    this.#initError = error;
    this.#log('platform', `INIT_REPORT Status: error Error Type: ${error.errorType}`);
    this.#asks.resolve();
  }

  kill(): void {
    this.alive = false;
    this.#child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    this.kill();
    await this.#exited;
  }

  #timedOut(requestId: string): void {
    if (this.#current?.work.requestId !== requestId) return;
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${this.lambda.timeoutS.toFixed(2)} seconds`;
    this.#log(
      'platform',
      `${new Date().toISOString()} ${requestId} Task timed out after ${this.lambda.timeoutS.toFixed(2)} seconds`,
    );
    this.alive = false;
    this.#finished(requestId, { error: { errorType: 'Sandbox.Timedout', errorMessage } });
    this.kill();
  }

  #died(how: string): void {
    this.alive = false;
    const requestId = this.#current?.work.requestId ?? 'none';
    const error = {
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
    };
    this.#initError ??= error;
    this.#asks.resolve();
    if (this.#current !== undefined) {
      this.#log('platform', error.errorMessage);
      this.#finished(requestId, { error });
    }
  }

  #capture(stream: 'stdout' | 'stderr'): void {
    const source = this.#child[stream];
    if (source === null) return;
    createInterface({ input: source }).on('line', (line) => {
      if (line.startsWith(endMark)) {
        this.#drained[stream] = line.slice(endMark.length);
        this.#settle();
      } else {
        this.#log(stream, line);
      }
    });
  }

  #log(stream: LogRecord['stream'], message: string): void {
    this.#logsDelivered ??= mayWriteLogs(this.#world, this.lambda, this.id);
    writeLog(this.#world, this.lambda, { environmentId: this.id, stream, message, delivered: this.#logsDelivered });
  }
}
