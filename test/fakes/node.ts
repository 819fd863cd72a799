import type { Door } from '../../lambda/contract.ts';
import type { Gate, NodeGate, Protection, SwitchAccount } from '../../lambda/rotation/model.ts';
import type { FakeClock } from './clock.ts';
import type { Hearing } from './hearing.ts';
import type { FakeHost, FakeServer } from './site.ts';

/** What a script does next: wait for so many milliseconds, or go on after an effect that a SIGKILL could follow. */
export type Pause = number | { readonly did: string };
export type Script<T> = Generator<Pause, T, void>;

/** How a verb ended, in the words of docs/host-scripts.md. */
export interface Ending {
  readonly outcome: string;
  readonly says: string;
  readonly exitCode: 0 | 10 | 20 | 30;
  /** The account of the last switch, where `forget` has removed the notes. */
  readonly account?: SwitchAccount;
}

/** A verb that refuses; nothing was changed. */
export class Refused extends Error {}

/** One script that runs on a node. */
export interface Running {
  alive: boolean;
  readonly holds: Set<Lock>;
}

/** A lock of the state directory: the kernel lets it go when its holder dies. */
export class Lock {
  holder: Running | undefined;

  get held(): boolean {
    return this.holder !== undefined;
  }

  tryTake(by: Running): boolean {
    if (this.held) return false;
    this.holder = by;
    by.holds.add(this);
    return true;
  }

  drop(): void {
    this.holder?.holds.delete(this);
    this.holder = undefined;
  }

  /** @returns whether it was free in that time */
  *isFree(withinS: number): Script<boolean> {
    for (let waitedMs = 0; this.held; waitedMs += lookAgainMs) {
      if (waitedMs > withinS * 1000) return false;
      yield lookAgainMs;
    }
    return true;
  }
}

const lookAgainMs = 250;

/** What `/var/lib/zabbix-psk-rotation` holds. */
export interface Notes {
  secretId: string;
  versionId: string;
  phase: 'prepared' | 'armed' | 'switching' | 'switched' | 'restored';
  direction: 'forward' | 'back' | 'anew' | undefined;
  from: Protection;
  to: Protection | undefined;
  /** Of a first encryption. */
  takes: Door | undefined;
  gate: Gate;
  gates: readonly NodeGate[];
  notAfterS: number;
  agentStartS: number;
  waitedMs: number;
  armedBy: Running | undefined;
  result: Ending | undefined;
  account: SwitchAccount | undefined;
}

/** `says` is why it does not take the command. */
export type Daemon = { readonly says?: string } & (
  | { readonly program: 'zabbix_server' }
  | { readonly program: 'zabbix_proxy'; readonly proxy: string }
);

/** A managed node: its agent's files, its notes, its clock and the scripts that run on it. */
export class FakeNode {
  /** The agent's host, where there is an agent: it tells of the node's files and asks the server. */
  readonly host: FakeHost;
  /** All whose programs run here, in the order in which they are restarted. */
  readonly programs: readonly FakeHost[];
  readonly server: FakeServer;
  readonly hearing: Hearing;
  readonly #clock: FakeClock;
  readonly #scripts = new Set<Running>();
  notes: Notes | undefined;
  /** Zabbix' own daemon that runs here, too. */
  daemon: Daemon | undefined;
  readonly lock = new Lock();
  readonly waiting = new Lock();
  readonly working = new Lock();
  up = true;
  diskFull = false;
  /** The agent's files cannot be written; our notes can. */
  readOnly = false;
  /** Names of what its scripts did, in order. */
  readonly did: string[] = [];
  /** Whether a SIGKILL follows this effect. */
  isKilledAfter: (effect: string) => boolean = () => false;

  constructor(programs: readonly [FakeHost, ...FakeHost[]], server: FakeServer, hearing: Hearing, clock: FakeClock) {
    this.host = programs.find(({ role }) => role === 'host') ?? programs[0];
    this.programs = programs.toSorted((a, b) => Number(a.role === 'host') - Number(b.role === 'host'));
    this.server = server;
    this.hearing = hearing;
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.now().ms + this.host.clockAheadMs;
  }

  /** `armed` by a command that was killed while it waited is what was before: nothing has been touched. */
  get phase(): Notes['phase'] | undefined {
    if (this.notes?.phase !== 'armed' || this.waiting.held) return this.notes?.phase;
    const { direction } = this.notes;
    return direction === 'back' ? 'switched' : direction === 'anew' ? 'restored' : 'prepared';
  }

  isOf({ secretId, versionId }: { readonly secretId: string; readonly versionId: string }): boolean {
    return this.notes?.secretId === secretId && this.notes.versionId === versionId;
  }

  /** Why the agent's files cannot be written. */
  get writeProblem(): string | undefined {
    if (this.diskFull) return 'there is no space left';
    return this.readOnly ? 'the file system is read-only' : undefined;
  }

  /** A verb that cannot write its notes comes to grief before it has touched the agent. */
  refuseIfFull(): void {
    if (this.diskFull) throw new Refused('the script came to grief: there is no space left');
  }

  refuseUnlessWritable(): void {
    if (this.writeProblem !== undefined) throw new Refused(this.writeProblem);
  }

  clear(): void {
    this.notes = undefined;
    this.host.next = undefined;
    this.host.previous = undefined;
  }

  /** Nothing of any rotation is left on it. */
  get isClean(): boolean {
    return this.notes === undefined && this.host.previous === undefined && this.host.next === undefined;
  }

  /**
   * Runs a script in a session of its own until it ends, is killed, or the node goes down.
   *
   * @param ended gets what it returned or threw
   */
  run<T>(script: (self: Running) => Script<T>, ended: (how: T | Error) => void): Running {
    const self: Running = { alive: true, holds: new Set() };
    const steps = script(self);
    this.#scripts.add(self);
    const goOn = () => {
      while (self.alive) {
        const next = nextOf(steps);
        if (next instanceof Error || next.done === true) {
          this.kill(self);
          return ended(next instanceof Error ? next : next.value);
        }
        if (typeof next.value === 'number') return this.#clock.in(next.value, goOn);
        this.did.push(next.value.did);
        if (this.isKilledAfter(next.value.did)) this.kill(self);
      }
    };
    this.#clock.in(0, goOn);
    return self;
  }

  kill(script: Running): void {
    script.alive = false;
    this.#scripts.delete(script);
    for (const lock of script.holds) lock.drop();
  }

  stopAgent(): void {
    for (const program of this.programs) {
      this.hearing.look(program);
      program.running = undefined;
    }
  }

  get allRun(): boolean {
    return this.programs.every(({ running }) => running !== undefined);
  }

  /** @returns whether every program came up */
  *startAgent(waitS: number): Script<boolean> {
    for (const program of this.programs) {
      if (program.running === undefined && !(yield* this.#start(program, waitS))) return false;
    }
    return true;
  }

  *#start(host: FakeHost, waitS: number): Script<boolean> {
    const runsWith = host.start();
    if (runsWith === undefined || host.startMs > waitS * 1000) {
      yield waitS * 1000;
      return false;
    }
    yield host.startMs;
    this.hearing.look(host);
    host.running = runsWith;
    this.hearing.started(host);
    return true;
  }

  /** Power goes and comes back: scripts are gone, the agent starts with what is on disk. */
  reboot(downMs: number): void {
    this.goDown();
    this.#clock.in(downMs, () => {
      this.up = true;
      for (const program of this.programs) {
        program.running = program.start();
        this.hearing.started(program);
      }
    });
  }

  goDown(): void {
    this.up = false;
    this.stopAgent();
    for (const script of [...this.#scripts]) this.kill(script);
  }
}

function nextOf<T>(steps: Script<T>): IteratorResult<Pause, T> | Error {
  try {
    return steps.next();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
