import { expect, test } from 'vitest';
import { strata } from '../lab/bench/strata.ts';

test('samples stand in the middle of equal parts, each part once', () => {
  expect(strata(5, 1).toSorted()).toEqual([0.1, 0.3, 0.5, 0.7, 0.9]);
  expect(strata(1, 7)).toEqual([0.5]);
});

test('the same seed gives the same order, another one another', () => {
  expect(strata(8, 3)).toEqual(strata(8, 3));
  expect(strata(8, 3)).not.toEqual(strata(8, 4));
  expect(strata(8, 3)).not.toEqual(strata(8, 3).toSorted());
});
