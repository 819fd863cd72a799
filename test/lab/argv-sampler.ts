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

/**
 * At which ages a new process is read, milliseconds: between fork and exec it carries its parent's arguments, and most have ended
 * before they are two looks old.
 */
const readAtMs = [0, 8, 24, 48, 100];
/** The others are read this often, since a shell may exec something at any time: with some labs they are many hundred. */
const oldEveryMs = 500;
const pauseMs = 8;

function sample(): void {
  const seen = new Set<string>();
  const young = new Map<number, { readonly bornMs: number; times: number }>();
  let newest = newestPid();
  let listedMs = Number.NEGATIVE_INFINITY;
  const look = () => {
    const now = performance.now();
    const before = newest;
    newest = newestPid();
    // Linux gives out one number after the other (proc_loadavg(5)), so that the new ones are known without listing all; after the
    // highest it begins again.
    if (newest < before) listedMs = Number.NEGATIVE_INFINITY;
    for (let pid = before + 1; pid <= newest; pid += 1) young.set(pid, { bornMs: now, times: 0 });
    for (const [pid, one] of young) {
      if (now - one.bornMs < (readAtMs[one.times] ?? 0)) continue;
      const list = argumentsOf(pid);
      if (list !== undefined) seen.add(list);
      one.times += 1;
      // A number is given out a moment before its process can be read.
      if (one.times === readAtMs.length || (list === undefined && one.times > 1)) young.delete(pid);
    }
    if (now - listedMs < oldEveryMs) return;
    listedMs = now;
    for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) seen.add(argumentsOf(name) ?? '');
  };
  look();
  parentPort?.postMessage('looking');
  const timer = setInterval(look, pauseMs);
  parentPort?.once('message', () => {
    clearInterval(timer);
    listedMs = Number.NEGATIVE_INFINITY;
    look();
    parentPort?.postMessage([...seen]);
  });
}

/** Of a process or a thread, in this PID namespace or one inside it. */
function newestPid(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1));
}

/** @returns undefined when it has ended */
function argumentsOf(pid: number | string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return undefined;
  }
}

if (!isMainThread && workerData === 'sample argv') sample();
