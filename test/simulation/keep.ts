import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Tally } from './tally.ts';

export interface Run {
  readonly seed: number;
  readonly seconds: number;
  readonly threads: number;
  readonly invariants: readonly string[];
  readonly tally: Tally;
  /** After how many schedules each planted bug was found. */
  readonly found: Readonly<Record<string, number | undefined>>;
}

const folder = 'docs/simulation';
const file = `${folder}/results.json`;

/** Writes down a long run, as it is committed. @returns the file, from the project's root */
export function keep({ seed, seconds, threads, invariants, tally, found }: Run): string {
  const results = {
    how: `npm run simulate -- --schedules ${tally.schedules} --seed ${seed} --keep`,
    on: { threads, memoryGb: Math.round(totalmem() / 1024 ** 3), node: process.version },
    seconds,
    invariants,
    ...tally,
    plantedBugsFoundAfter: found,
  };
  mkdirSync(fromRoot(folder), { recursive: true });
  writeFileSync(fromRoot(file), `${JSON.stringify(results, null, 2)}\n`);
  return file;
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
