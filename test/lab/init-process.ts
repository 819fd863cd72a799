import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Argv } from './command.ts';

/** The first process of a PID namespace. When it ends, everything in the namespace ends. */
export interface InitProcess {
  /** as this process sees it */
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts an init script of ours and waits for the line in which it names its process id.
 * It lives as long as its stdin, which is a pipe that nobody but this process holds.
 */
export function startInit(argv: Argv): Promise<InitProcess> {
  const [program, ...args] = argv;
  // A session of its own, or Ctrl-C would reach it before the tests could tidy up.
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    void ended.then(() => reject(new Error(`${argv.join(' ')} ended before it was ready: ${complaint}`)));
    child.stdout.once('data', (line: Buffer) => {
      letGo(child);
      resolve({ pid: Number(line.toString()), stop: () => stop(child, ended) });
    });
  });
}

/** A lab that somebody forgot to stop must not keep Node alive: when Node ends, the lab does. */
function letGo(child: ChildProcessByStdio<Writable, Readable, Readable>): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

/** Its stdin ends, so it ends; the kernel then kills what is left in its namespace and only afterwards reports its end. */
async function stop(child: ChildProcessByStdio<Writable, Readable, Readable>, ended: Promise<void>): Promise<void> {
  child.ref();
  child.stdin.end();
  await ended;
}
