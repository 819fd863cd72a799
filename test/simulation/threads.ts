import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Share } from './side-thread.ts';
import { emptyTally, sum, type Tally } from './tally.ts';

/** One thread for a core, two at most: what README tells was measured on two. */
export const threads = Math.min(2, availableParallelism());

/** Of a schedule nothing outlives it: with more room the young objects are dead before anybody looks. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

/** @param told called with what has come together so far */
export async function playInThreads(
  schedules: number,
  seed: number,
  told: (soFar: Tally) => void = () => undefined,
): Promise<Tally> {
  let tally = emptyTally;
  const shares = Array.from({ length: threads }, (_, nth): Share => {
    const own = Math.floor(schedules / threads) + (nth < schedules % threads ? 1 : 0);
    return { firstSeed: seed + nth, step: threads, schedules: own };
  });
  const ended = shares.map(
    (workerData) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL('./side-thread.ts', import.meta.url), { workerData, resourceLimits });
        worker.on('message', (more: Tally) => {
          tally = sum(tally, more);
          told(tally);
        });
        worker.on('error', reject);
        worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
      }),
  );
  await Promise.all(ended);
  if (tally.schedules !== schedules) throw new Error(`${tally.schedules} of ${schedules} schedules were played`);
  return tally;
}
