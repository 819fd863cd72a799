/**
 * Plays random schedules of faults and crashes: `npm run simulate -- --schedules 100000 --seed 1`. Ends with 1 when an invariant
 * was broken; `--replay <seed>` tells everything that happens in one schedule; `--keep` writes docs/simulation/results.json.
 */
import { parseArgs } from 'node:util';
import { everyFault } from './faults/every-fault.ts';
import { keep } from './keep.ts';
import { plantedBugs } from './planted-bug.ts';
import { playUntilFound } from './play-many.ts';
import { play } from './schedule.ts';
import { playInThreads, threads } from './threads.ts';
import { invariants } from './violations.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

if (values.replay !== undefined) await replay(Number(values.replay));
else await simulate(Number(values.schedules), Number(values.seed));

async function replay(seed: number): Promise<void> {
  const { befell, violations } = await play(seed, undefined, (line) => console.log(line));
  console.log(`\nbefell: ${befell.join(', ') || 'nothing'}`);
  for (const { invariant, says } of violations) console.log(`broken: ${invariant}: ${says}`);
}

async function simulate(schedules: number, seed: number): Promise<void> {
  const from = performance.now();
  let told = 0;
  const tally = await playInThreads(schedules, seed, ({ schedules: done, violations }) => {
    for (const { seed: at, invariant, says } of violations.slice(told))
      console.log(`seed ${at}: ${invariant}: ${says}`);
    told = violations.length;
    if (done % 10_000 === 0 && done < schedules) console.log(`${done} schedules, ${violations.length} violations`);
  });
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  const found: Record<string, number | undefined> = {};
  for (const bug of plantedBugs) found[bug.name] = await playUntilFound(bug, 1_000, seed);

  for (const { name } of everyFault) console.log(`${String(tally.befell[name] ?? 0).padStart(8)}  ${name}`);
  console.log(`ends recorded: ${JSON.stringify(tally.outcomes)}`);
  for (const [name, after] of Object.entries(found))
    console.log(`planted: ${name}: ${after === undefined ? 'not found' : `found after ${after}`}`);
  console.log(
    `${tally.schedules} schedules, ${tally.rotations} rotations, ${seconds} s in ${threads} threads, ${tally.violations.length} violations`,
  );
  if (values.keep) console.log(`written: ${keep({ seed, seconds, threads, invariants, tally, found })}`);
  if (tally.violations.length > 0) process.exitCode = 1;
}
