import { expect, test } from 'vitest';
import { atATime } from '../../../lambda/reports/at-a-time.ts';

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

test('so many run at a time, and everybody has a turn, also after one that fails', async () => {
  const turn = atATime(3);
  let running = 0;
  let most = 0;
  const work = (index: number) => async () => {
    running += 1;
    most = Math.max(most, running);
    await pause();
    running -= 1;
    if (index % 4 === 0) throw new RangeError('no');
    return index;
  };
  const ends = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => turn(work(index))));
  expect(most).toBe(3);
  expect(ends.map(({ status }) => status === 'fulfilled')).toEqual(ends.map((_, index) => index % 4 !== 0));
  expect(await turn(async () => 'free again')).toBe('free again');
});
