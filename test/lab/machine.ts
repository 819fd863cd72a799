import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Argv, type CommandOptions, type Finished, must, run } from './command.ts';
import { eventually } from './eventually.ts';
import type { InitProcess } from './init-process.ts';

export interface MachineSpawnOptions {
  /** the whole environment; default: PATH and LANG */
  readonly environment?: Readonly<Record<string, string>>;
  /** default: nothing in, nothing out */
  readonly stdio?: StdioOptions;
}

/** A machine of the lab: own files, own processes, own host name; the network is shared. */
export class Machine {
  readonly name: string;
  /** Folder with every file that this machine has written, and nothing else. */
  readonly upper: string;
  /** Folders of this machine that are mounts of their own, so that what is written there is not in `upper`. */
  readonly extraMounts: string[] = [];
  readonly #init: InitProcess;

  constructor(name: string, init: InitProcess, upper: string) {
    this.name = name;
    this.upper = upper;
    this.#init = init;
  }

  /** Process id of its first process. */
  get pid(): number {
    return this.#init.pid;
  }

  /** Runs a program on the machine, as root unless the program says otherwise, with a small clean environment. */
  run(argv: Argv, options: CommandOptions = {}): Promise<Finished> {
    return run(this.#inside(argv), { environment: plainEnvironment, ...options });
  }

  /** Like `run`. @throws {Error} unless it ends with exit code 0 */
  must(argv: Argv, options: CommandOptions = {}): Promise<string> {
    return must(this.#inside(argv), { environment: plainEnvironment, ...options });
  }

  /** Starts a program on the machine in a session of its own and leaves it running. `signalProgram` reaches it. */
  spawn(argv: Argv, options: MachineSpawnOptions = {}): ChildProcess {
    // By its path: what stands before it in PATH counts the effects of scripts, and starting one is none.
    const [program, ...args] = this.#inside(['/usr/bin/setsid', '--', ...argv]);
    const { environment = plainEnvironment, stdio = 'ignore' } = options;
    return spawn(program, args, { detached: true, env: { ...environment }, stdio });
  }

  /**
   * A file of the machine, as this process can open it. Not for paths with absolute symbolic links in them
   * (/var/run): the kernel would follow those in the computer's own root.
   */
  path(absolute: string): string {
    return `/proc/${this.pid}/root${absolute}`;
  }

  read(absolute: string): string {
    return readFileSync(this.path(absolute), 'utf8');
  }

  write(absolute: string, content: string, mode = 0o644): void {
    writeFileSync(this.path(absolute), content, { mode });
  }

  /**
   * Makes a folder and those above it. Never with Node's `recursive`: on a machine that is gone meanwhile that tries for ever
   * (Node 24: /proc refuses a new folder with ENOENT, as if one above it were missing).
   */
  makeFolder(absolute: string, mode: number): void {
    if (absolute === '' || existsSync(this.path(absolute))) return;
    this.makeFolder(absolute.slice(0, absolute.lastIndexOf('/')), mode);
    mkdirSync(this.path(absolute), { mode });
  }

  stop(): Promise<void> {
    return this.#init.stop();
  }

  #inside(argv: Argv): Argv {
    return ['nsenter', '-t', `${this.pid}`, '-m', '-p', '-u', '-i', '-r', '-w', '--', ...argv];
  }
}

/**
 * Sends a signal to a program that `spawn` has started, and to its process group. Never to the `nsenter` in front of it: nobody
 * but that one can reap the program, and until it is reaped its machine cannot end. Where nsenter dies first the computer's first
 * process inherits that duty, and in a container that is often one that does not know it (`sleep infinity`).
 * Nothing happens when the program has ended.
 */
export async function signalProgram(nsenter: ChildProcess, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  // Until its end is reported nsenter is at least a zombie, so that the number is still its own.
  const hasEnded = () => nsenter.pid === undefined || nsenter.exitCode !== null || nsenter.signalCode !== null;
  await eventually('nsenter starts its program', () => hasEnded() || childOf(nsenter) !== undefined, { everyMs: 1 });
  const program = hasEnded() ? undefined : childOf(nsenter);
  if (program === undefined) return;
  for (const whom of [program, -program])
    try {
      process.kill(whom, signal);
    } catch {
      // It has ended meanwhile, or is not in a session of its own yet: then it has no children either.
    }
}

function childOf({ pid }: ChildProcess): number | undefined {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === '' ? undefined : Number(child);
}

const plainEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
