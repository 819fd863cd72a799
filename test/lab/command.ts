import { type SpawnOptions, spawn } from 'node:child_process';

/** A program and its arguments. Never a shell line: nothing is glued from strings. */
export type Argv = readonly [string, ...string[]];

export interface CommandOptions {
  /** text for stdin; without it stdin is /dev/null */
  readonly input?: string;
  /** the whole environment; without it the caller's */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Finished {
  /** null when a signal ended it */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A non-zero exit code is an answer, not an error. */
export function run(argv: Argv, options: CommandOptions = {}): Promise<Finished> {
  const [program, ...rest] = argv;
  const spawnOptions: SpawnOptions = { stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] };
  if (options.environment !== undefined) spawnOptions.env = { ...options.environment };
  const child = spawn(program, rest, spawnOptions);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => {}); // a program may end without reading all its input
  child.stdin?.end(options.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) =>
      resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

/**
 * Runs a program that has to succeed, and returns its stdout.
 * @throws {Error} with the command and what it printed, unless it ends with exit code 0
 */
export async function must(argv: Argv, options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await run(argv, options);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${(stderr || stdout).slice(-2000)}`);
  return stdout;
}
