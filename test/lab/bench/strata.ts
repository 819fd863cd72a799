/**
 * Spreads `count` samples evenly over [0, 1): one in the middle of each of `count` equal parts, in a shuffled order. The same seed
 * gives the same order, so that two lists of different seeds meet in ever other pairs and a run can be repeated.
 */
export function strata(count: number, seed: number): readonly number[] {
  const random = seeded(seed);
  const parts = Array.from({ length: count }, (_, index) => (index + 0.5) / count);
  return parts
    .map((part) => ({ part, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ part }) => part);
}

/** Mulberry32: 32 bits of state are plenty for a shuffle. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
