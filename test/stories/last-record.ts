import { expect } from 'vitest';
import { keptRecords } from '../fakes/kept-records.ts';
import type { World } from './world.ts';

/** The newest of a world's records, of a chain in which nothing is wrong. */
export function lastRecord(world: World) {
  const { records, problems } = keptRecords(world.account.bucket);
  expect(problems).toEqual([]);
  return records.at(-1);
}
