import { describe, expect, test } from 'vitest';
import { plantedBugs } from './planted-bug.ts';
import { playMany, playUntilFound } from './play-many.ts';
import { play } from './schedule.ts';
import { invariants } from './violations.ts';

// Some twenty seconds on a computer that has nothing else to do.
test('random schedules of faults and crashes break no invariant', { timeout: 120_000 }, async () => {
  const { schedules, rotations, violations } = await playMany(2_000, 1);
  console.log(`${schedules} schedules, ${rotations} rotations`);
  expect(violations).toEqual([]);
});

test('a seed stands for one schedule', async () => {
  const told = async (seed: number) => {
    const lines: string[] = [];
    await play(seed, undefined, (line) => lines.push(line.replace(/\{.*/, '')));
    return lines.map((line) => line.replace(/probe .*/, 'probe'));
  };
  expect(await told(7)).toEqual(await told(7));
  expect(await told(7)).not.toEqual(await told(8));
});

test('a schedule whose last look was killed goes on until another has ended', async () => {
  const ends: number[] = [];
  const { violations } = await play(2_468, undefined, (line) => {
    if (line.includes('killed')) ends.push(Number.parseFloat(line));
  });
  expect(ends.at(-1)).toBeGreaterThan(480 * 60);
  expect(violations).toEqual([]);
});

describe('a planted bug is found within 1,000 schedules', () => {
  test.each(plantedBugs)('$name', { timeout: 60_000 }, async (bug) => {
    expect(await playUntilFound(bug, 1_000, 1)).toBeGreaterThan(0);
  });

  test('and there is one for each of the five invariants', () => {
    expect(new Set(plantedBugs.map(({ breaks }) => breaks))).toEqual(new Set(invariants.slice(0, 5)));
  });
});
