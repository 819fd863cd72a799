import type { PlantedBug } from './planted-bug.ts';
import { play } from './schedule.ts';
import { emptyTally, sum, type Tally, tallyOf } from './tally.ts';

/** Plays so many schedules, each with a seed of its own, beginning at one and going on by a step. */
export async function playMany(schedules: number, firstSeed: number, step = 1): Promise<Tally> {
  let tally = emptyTally;
  for (let nth = 0; nth < schedules; nth += 1) tally = sum(tally, tallyOf(await play(firstSeed + nth * step)));
  return tally;
}

/** @returns how many schedules it took to find a violation of what the bug breaks; undefined: so many did not find it */
export async function playUntilFound(bug: PlantedBug, atMost: number, firstSeed: number): Promise<number | undefined> {
  for (let nth = 0; nth < atMost; nth += 1) {
    const { violations } = await play(firstSeed + nth, bug);
    if (violations.some(({ invariant }) => invariant === bug.breaks)) return nth + 1;
  }
  return undefined;
}
