import { readdirSync, readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';

/**
 * Collects the arguments of every process of the computer, as any user could read them in /proc, until it is stopped.
 * It looks about every 10 ms from a thread of its own; a process that lives shorter than that can slip through.
 */
export class ArgvSampler {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Returns when the first look has been taken. */
  static async start(): Promise<ArgvSampler> {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'sample argv' });
    await next(worker);
    worker.unref();
    return new ArgvSampler(worker);
  }

  /** Ends the collection with a last look at everything that runs. @returns each distinct argument list seen, arguments separated by spaces */
  async stop(): Promise<ReadonlySet<string>> {
    this.#worker.ref();
    this.#worker.postMessage('stop');
    const lists = z.array(z.string()).parse(await next(this.#worker));
    await this.#worker.terminate();
    return new Set(lists);
  }
}

function next(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** A process of this age or less is read at every look: between fork and exec it carries its parent's arguments. */
const youngMs = 100;
/** The others are read this often: a shell may exec something at any time. */
const oldEveryMs = 100;
/** A look takes some 2 ms of the processor: more often, two labs beside each other would leave half of it to the rest. */
const pauseMs = 8;

function sample(): void {
  const seen = new Set<string>();
  const bornMs = new Map<string, number>();
  let oldReadMs = Number.NEGATIVE_INFINITY;
  const look = () => {
    const now = performance.now();
    const readOld = now - oldReadMs >= oldEveryMs;
    if (readOld) oldReadMs = now;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      const born = bornMs.get(pid) ?? now;
      bornMs.set(pid, born);
      if (readOld || now - born <= youngMs) seen.add(argumentsOf(pid));
    }
    const alive = new Set(pids);
    for (const pid of bornMs.keys()) if (!alive.has(pid)) bornMs.delete(pid);
  };
  look();
  parentPort?.postMessage('looking');
  const timer = setInterval(look, pauseMs);
  parentPort?.once('message', () => {
    clearInterval(timer);
    oldReadMs = Number.NEGATIVE_INFINITY;
    look();
    parentPort?.postMessage([...seen]);
  });
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // it has ended since we listed it
  }
}

if (!isMainThread && workerData === 'sample argv') sample();
