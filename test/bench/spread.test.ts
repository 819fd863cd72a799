import { expect, test } from 'vitest';
import { spread } from '../lab/bench/spread.ts';

test.each([
  { values: [3, 1, 10, 2, 4], says: { min: 1, median: 3, max: 10 } },
  { values: [4, 1, 3, 2], says: { min: 1, median: 2.5, max: 4 } },
  { values: [7], says: { min: 7, median: 7, max: 7 } },
  { values: [], says: undefined },
])('$values are told as $says', ({ values, says }) => {
  expect(spread(values)).toEqual(says);
});
