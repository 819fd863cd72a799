/** One of the threads that share the schedules of a long run: plays every nth of them and tells of each hundred. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { playMany } from './play-many.ts';

export interface Share {
  readonly firstSeed: number;
  readonly step: number;
  readonly schedules: number;
}

const atOnce = 100;

function shareOf(data: unknown): Share {
  if (typeof data !== 'object' || data === null) throw new TypeError('a thread is told which schedules are its own');
  const { firstSeed, step, schedules } = { firstSeed: 1, step: 1, schedules: 0, ...data };
  return { firstSeed: Number(firstSeed), step: Number(step), schedules: Number(schedules) };
}

if (!isMainThread) {
  const { firstSeed, step, schedules } = shareOf(workerData);
  for (let done = 0; done < schedules; done += atOnce) {
    const tally = await playMany(Math.min(atOnce, schedules - done), firstSeed + done * step, step);
    parentPort?.postMessage(tally);
  }
}
