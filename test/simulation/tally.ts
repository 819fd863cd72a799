import type { Played } from './schedule.ts';
import type { Invariant } from './violations.ts';

/** What many schedules came to. Plain data, so that it can cross from one thread to another. */
export interface Tally {
  readonly schedules: number;
  readonly rotations: number;
  /** How often each fault was drawn, by name. */
  readonly befell: Readonly<Record<string, number>>;
  /** How often a rotation's end was recorded so. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly seed: number; readonly invariant: Invariant; readonly says: string }[];
}

export const emptyTally: Tally = { schedules: 0, rotations: 0, befell: {}, outcomes: {}, violations: [] };

export function tallyOf({ seed, rotations, befell, outcomes, violations }: Played): Tally {
  return {
    schedules: 1,
    rotations,
    befell: counted(befell),
    outcomes: counted(outcomes),
    violations: violations.map((violation) => ({ seed, ...violation })),
  };
}

export function sum(one: Tally, other: Tally): Tally {
  return {
    schedules: one.schedules + other.schedules,
    rotations: one.rotations + other.rotations,
    befell: sumOf(one.befell, other.befell),
    outcomes: sumOf(one.outcomes, other.outcomes),
    violations: [...one.violations, ...other.violations],
  };
}

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  return names.reduce<Readonly<Record<string, number>>>((counts, name) => sumOf(counts, { [name]: 1 }), {});
}

function sumOf(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].sort().map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}
