/**
 * Kills the functions and scripts of the fakes' rotations everywhere, in as many threads as there are cores. Ends with 1 when
 * something did not end well.
 *
 *   npm run crash:fakes                                  every point of every scenario
 *   npm run crash:fakes -- --pairs                       and pairs of points, of the scenarios with one retry: of one host every pair,
 *                                                        of the other targets a sample
 *   npm run crash:fakes -- --pairs --at-most 20000       a sample of so many of each of these (default 8000)
 *   npm run crash:fakes -- --pairs --seed 2              another sample
 *   npm run crash:fakes -- --pairs --gate port-probe     of one host at another gate
 *   npm run crash:fakes -- --targets autoregistration    only the scenarios of such targets
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { scenarios } from './every-point.ts';
import type { Played } from './play-share.ts';
import type { Scenario } from './scenario.ts';
import type { Told, Work } from './side-thread.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'boolean', default: false },
    gate: { type: 'string', default: 'shadow-agent' },
    targets: { type: 'string' },
    'at-most': { type: 'string', default: '8000' },
    seed: { type: 'string', default: '1' },
  },
});
const atMost = z.coerce.number().int().min(1).parse(values['at-most']);
const seed = z.coerce.number().int().parse(values.seed);

const from = performance.now();
const chosen = scenarios.flatMap((scenario, nth): Work['chosen'] => {
  if (values.targets !== undefined && String(scenario.targets) !== values.targets) return [];
  if (!values.pairs) return [{ nth }];
  if (!isForPairs(scenario)) return [];
  return [{ nth, pairs: { atMost: isSampled(scenario) ? atMost : Number.MAX_SAFE_INTEGER, seed } }];
});
const threads = availableParallelism();
const told = new Map<number, Played[]>();
await Promise.all(
  Array.from({ length: threads }, (_, own) => playInThread({ share: { own, shares: threads }, chosen })),
);

const whole = sum([...told.values()].flat());
const seconds = Math.round((performance.now() - from) / 1000);
console.log(`${chosen.length} scenarios, ${words(whole)}, ${seconds} s in ${threads} threads`);
if (whole.found.length > 0) process.exitCode = 1;

function playInThread(workerData: Work): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./side-thread.ts', import.meta.url), { workerData });
    worker.on('message', ({ nth, played }: Told) => {
      const all = [...(told.get(nth) ?? []), played];
      told.set(nth, all);
      for (const { kills, wrong } of played.found.slice(0, 10))
        console.log(`${JSON.stringify(scenarios[nth])} ${JSON.stringify(kills)}: ${wrong.join('; ')}`);
      if (all.length === threads) console.log(`${JSON.stringify(scenarios[nth])}: ${words(sum(all))}`);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))));
  });
}

function sum(all: readonly Played[]): Played {
  const total = (of: (played: Played) => number) => all.reduce((soFar, played) => soFar + of(played), 0);
  return {
    points: total(({ points }) => points),
    pairs: total(({ pairs }) => pairs),
    ofPairs: total(({ ofPairs }) => ofPairs),
    found: all.flatMap(({ found }) => found),
  };
}

function words({ points, pairs, ofPairs, found }: Played): string {
  const ofAll = pairs === ofPairs ? '' : ` of ${ofPairs}`;
  return `${points} points${ofPairs === 0 ? '' : `, ${pairs}${ofAll} pairs`}, ${found.length} wrong`;
}

function isForPairs({ gate, targets, retries, identityMode }: Scenario): boolean {
  if (retries !== 1 || identityMode !== 'new' || targets === 3) return false;
  return targets !== 1 || gate === values.gate;
}

/** Theirs are millions. */
function isSampled({ targets }: Scenario): boolean {
  return targets !== 1;
}
