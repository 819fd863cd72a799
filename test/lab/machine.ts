import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Argv, type CommandOptions, type Finished, must, run } from './command.ts';
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

  /** Starts a program on the machine in a process group of its own and leaves it running. */
  spawn(argv: Argv, options: MachineSpawnOptions = {}): ChildProcess {
    const [program, ...args] = this.#inside(argv);
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

  stop(): Promise<void> {
    return this.#init.stop();
  }

  #inside(argv: Argv): Argv {
    return ['nsenter', '-t', `${this.pid}`, '-m', '-p', '-u', '-i', '-r', '-w', '--', ...argv];
  }
}

const plainEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
