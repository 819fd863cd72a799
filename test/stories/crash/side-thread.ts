/** One of the threads that share the points of every scenario: tells of each scenario as it has played its own. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { scenarios } from './every-point.ts';
import { type Played, playShare } from './play-share.ts';

const workShape = z.object({
  share: z.object({ own: z.number(), shares: z.number() }),
  /** by their places in `scenarios` */
  chosen: z.array(z.object({ nth: z.number(), pairs: z.object({ atMost: z.number(), seed: z.number() }).optional() })),
});
export type Work = z.infer<typeof workShape>;

export interface Told {
  readonly nth: number;
  readonly played: Played;
}

if (!isMainThread) {
  const { share, chosen } = workShape.parse(workerData);
  for (const { nth, pairs } of chosen) {
    const scenario = scenarios[nth];
    if (scenario === undefined) throw new RangeError(`there is no scenario ${nth}`);
    const told: Told = { nth, played: await playShare(scenario, share, pairs) };
    parentPort?.postMessage(told);
  }
}
