/** What has been tried so far, a line each as it ends, so that a long run can be ended at any moment and gone on with. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { cacheFolder } from '../root.ts';
import { allTargets } from './point.ts';
import { type CutShort, cutShortShape } from './results.ts';

/** One stretch of a run: everything of one lab. */
const stretchShape = z.object({
  beganAt: z.string(),
  lastedS: z.number(),
  parallel: z.number(),
  leaks: z.array(z.string()),
  keys: z.number(),
  strange: z.array(z.string()),
});
export type Stretch = z.infer<typeof stretchShape>;

const lineShape = z.union([
  z.object({ rotation: cutShortShape }),
  z.object({ stretch: stretchShape }),
  z.object({ targets: z.enum(allTargets), points: z.number(), kills: z.number() }),
]);
export type Line = z.infer<typeof lineShape>;

export interface Tried {
  /** Of each point the last rotation, which tells what was wrong with the earlier ones. */
  readonly rotations: readonly CutShort[];
  readonly stretches: readonly Stretch[];
  /** How many points there are, and how many different kills; undefined before it is known. */
  readonly of: { readonly points: number; readonly kills: number } | undefined;
}

export class TriedFile {
  readonly #path: string;

  /** @param about names what was tried; another name is another file */
  constructor(about: string, folder = `${cacheFolder}/crash`) {
    mkdirSync(folder, { recursive: true });
    this.#path = `${folder}/tried-${about}.jsonl`;
  }

  append(line: Line): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  forget(): void {
    rmSync(this.#path, { force: true });
  }

  read(): Tried {
    const lines = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n') : [];
    // A run that was killed may have left half a line.
    const told = lines.filter((line) => line.endsWith('}')).map((line) => lineShape.parse(JSON.parse(line)));
    const rotations = new Map<string, CutShort>();
    for (const line of told) {
      if (!('rotation' in line)) continue;
      const earlier = rotations.get(line.rotation.name);
      const problems = earlier === undefined ? [] : [...(earlier.earlierProblems ?? []), ...earlier.problems];
      const told = problems.length === 0 ? {} : { earlierProblems: problems };
      rotations.set(line.rotation.name, { ...line.rotation, ...told });
    }
    return {
      rotations: [...rotations.values()],
      stretches: told.flatMap((line) => ('stretch' in line ? [line.stretch] : [])),
      of: sumOf(
        allTargets.flatMap((targets) => told.findLast((line) => 'points' in line && line.targets === targets) ?? []),
      ),
    };
  }
}

function sumOf(lines: readonly Line[]): Tried['of'] {
  const counts = lines.filter((line) => 'points' in line);
  if (counts.length === 0) return undefined;
  const total = (of: (count: (typeof counts)[number]) => number) => counts.reduce((sum, count) => sum + of(count), 0);
  return { points: total(({ points }) => points), kills: total(({ kills }) => kills) };
}
