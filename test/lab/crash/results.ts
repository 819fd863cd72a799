/** What a run has seen, as `docs/crash/results.json` holds it. */
import { z } from 'zod';
import { allTargets, placeShape, ways } from './point.ts';
import type { Tried } from './tried.ts';

/** How the record of the rotation says it ended; `refused`: before anything was changed. */
export const outcomes = ['rotated', 'rolled-back', 'refused', 'stranded', 'no end'] as const;

export const cutShortShape = z.object({
  /** the place, and what died there */
  name: z.string(),
  targets: z.enum(allTargets),
  way: z.enum(ways),
  moment: z.enum(['before', 'after']),
  dies: z.enum(['function', 'script', 'worker', 'node']),
  place: placeShape,
  /** other points that are the same kill */
  standsFor: z.array(z.string()).readonly().optional(),
  /** agent and direction of its checks */
  host: z.string(),
  /** false: Secrets Manager did not try again, the repair function had to do it */
  retries: z.boolean(),
  /** false: this rotation did not come by that place, polling less often than the one that was watched */
  reached: z.boolean(),
  attempts: z.number(),
  /** neither the retries nor the repair at once could end it */
  byHourlyLook: z.boolean(),
  outcome: z.enum(outcomes),
  /** how often that end was recorded */
  records: z.number(),
  tookS: z.number(),
  problems: z.array(z.string()).readonly(),
  /** what was wrong when the same point was tried before */
  earlierProblems: z.array(z.string()).readonly().optional(),
  /** what functions and node told, where there are problems */
  story: z.array(z.string()).readonly().optional(),
});
export type CutShort = z.infer<typeof cutShortShape>;

const version = z.object({
  zabbix: z.string(),
  /** hash of the code that was tried, as `codeHash` makes it */
  code: z.string(),
  /** before and after every call and every effect */
  points: z.number(),
  /** how many different kills these are */
  kills: z.number(),
  /** when it was tried, each time with a lab of its own */
  stretches: z.array(z.object({ beganAt: z.string(), lastedS: z.number(), parallel: z.number() })),
  rotations: z.array(cutShortShape),
  /** where a key was found in clear that must not be there */
  leaks: z.array(z.string()),
  /** how many keys were looked for */
  keys: z.number(),
  /** what the stand-in for AWS met and does not imitate, denied or broke at */
  strange: z.array(z.string()),
});
export type MeasuredVersion = z.infer<typeof version>;

export const resultsShape = z.object({
  measuredAt: z.string(),
  computer: z.object({ cores: z.number(), memoryGb: z.number(), kernel: z.string(), node: z.string() }),
  settings: z.record(z.string(), z.string()),
  versions: z.array(version),
});
export type Results = z.infer<typeof resultsShape>;

/** The one outcome of all records of a rotation; its most serious one when they differ. */
export function outcomeOf(recorded: readonly unknown[]): CutShort['outcome'] {
  const order = ['stranded', 'rolled-back', 'refused', 'rotated'] as const;
  return order.find((outcome) => recorded.includes(outcome)) ?? 'no end';
}

/** @returns nothing when nothing has been tried of it */
export function measured(
  zabbix: string,
  code: string,
  { rotations, stretches, of }: Tried,
): readonly MeasuredVersion[] {
  if (of === undefined) return [];
  const { points, kills } = of;
  const leaks = stretches.flatMap((stretch) => stretch.leaks);
  const keys = stretches.reduce((sum, stretch) => sum + stretch.keys, 0);
  const strange = stretches.flatMap((stretch) => stretch.strange);
  const parts = stretches.map(({ beganAt, lastedS, parallel }) => ({ beganAt, lastedS, parallel }));
  return [{ zabbix, code, points, kills, stretches: parts, rotations: [...rotations], leaks, keys, strange }];
}

export function isWell({ rotations, leaks, strange }: MeasuredVersion): boolean {
  return leaks.length === 0 && strange.length === 0 && rotations.every(({ problems }) => problems.length === 0);
}
