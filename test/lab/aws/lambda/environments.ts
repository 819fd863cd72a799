/** The pool of execution environments: one for every invocation that runs, warm ones are used again. */
import { type TemporaryFolder, temporaryFolder } from '../../temporary-folder.ts';
import type { Json } from '../json.ts';
import type { FunctionError } from '../records.ts';
import type { World } from '../world.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { LambdaFunction } from './function.ts';
import type { InvocationEnd } from './invoke.ts';

/** Where Node keeps what it has compiled, for the next process of a function, of whichever stand-in of ours: starting one takes half as long. */
let compiled: Promise<TemporaryFolder> | undefined;

export class Environments {
  readonly #all = new Map<string, ExecutionEnvironment>();
  #world: World | undefined;

  /** Two-step, because the world holds the pool and the pool needs the world. */
  attach(world: World): void {
    this.#world = world;
  }

  get(id: string): ExecutionEnvironment | undefined {
    return this.#all.get(id);
  }

  async run(
    lambda: LambdaFunction,
    requestId: string,
    event: Json,
  ): Promise<{ readonly end: InvocationEnd; readonly coldStart: boolean }> {
    if (this.#world === undefined) throw new Error('no world attached');
    compiled ??= temporaryFolder('zabbix-psk-compiled');
    const { path } = await compiled;
    // A function that is ended by closing fails, and neither its failure nor a second try may start another process.
    if (this.#world.closing) return { end: { requestId, error: closed(lambda) }, coldStart: false };
    const mine = [...this.#all.values()].filter((environment) => environment.lambda === lambda && environment.alive);
    if (
      lambda.reservedConcurrency !== undefined &&
      mine.filter(({ free }) => !free).length >= lambda.reservedConcurrency
    ) {
      const error = { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' };
      return { end: { requestId, error }, coldStart: false };
    }
    const warm = mine.find(({ free }) => free);
    const environment = warm ?? new ExecutionEnvironment(this.#world, lambda, path);
    this.#all.set(environment.id, environment);
    const end = await environment.run(requestId, event);
    if (!environment.alive) this.#all.delete(environment.id);
    return end === undefined ? this.run(lambda, requestId, event) : { end, coldStart: warm === undefined };
  }

  /** SIGKILL, as if the machine under the function had gone. */
  kill(id: string): void {
    this.#all.get(id)?.kill();
  }

  /** Ends every process: the next invocation of each function is a cold start. */
  async close(): Promise<void> {
    await Promise.all([...this.#all.values()].map((environment) => environment.close()));
    this.#all.clear();
  }
}

function closed({ name }: LambdaFunction): FunctionError {
  return { errorType: 'Closed', errorMessage: `the stand-in is closed, ${name} is not run` };
}
