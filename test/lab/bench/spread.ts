/** The least, the middle and the most of some measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @returns undefined when there is nothing to measure */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [min, low, high, max] = [0, Math.floor(middle), Math.ceil(middle), sorted.length - 1].map((at) => sorted[at]);
  if (min === undefined || low === undefined || high === undefined || max === undefined) return undefined;
  return { min, median: (low + high) / 2, max };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
