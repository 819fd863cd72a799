import { describe, expect, test } from 'vitest';
import { hole, lostThoughSent } from '../lab/bench/hole.ts';

const seconds = (...times: number[]) => times.map((s) => s * 1000);

describe('the hole in an item’s values', () => {
  test.each([
    { what: 'untroubled', at: [0, 5, 10.01, 15], longestMs: 5_010, lost: 0 },
    { what: 'one check failed and Zabbix waited', at: [0, 5, 20.3, 25], longestMs: 15_300, lost: 2 },
    { what: 'a check on demand came in between', at: [0, 5, 12, 15, 20], longestMs: 7_000, lost: 0 },
    { what: 'two holes', at: [0, 10, 15, 30], longestMs: 15_000, lost: 3 },
  ])('$what: $longestMs ms, $lost lost', ({ at, longestMs, lost }) => {
    expect(hole(seconds(...at), 5)).toMatchObject({ longestMs, lost });
  });

  test('it is where the longest one is', () => {
    expect(hole(seconds(0, 5, 20, 25), 5)).toMatchObject({ fromMs: 5_000, toMs: 20_000 });
  });

  test('with fewer than two values nothing is known', () => {
    expect(() => hole([1], 5)).toThrow(RangeError);
  });
});

describe('what an active agent loses beyond what it had not sent', () => {
  const restarted = { stoppedMs: 30_000, listeningMs: 30_200, refusedMs: 30_000 };
  test.each([
    { what: 'a value taken 4 s before the stop was still in the buffer', at: [16, 21, 31, 36], lost: 0 },
    { what: 'a value taken 9 s before the stop had been sent', at: [11, 16, 31, 36], lost: 1 },
    { what: 'the first value comes within an interval', at: [20, 25, 35.2, 40], lost: 0 },
    { what: 'the agent could not connect and tried again a minute later', at: [20, 25, 90.2, 95], lost: 11 },
  ])('$what: $lost', ({ at, lost }) => {
    expect(lostThoughSent(seconds(...at), 5, restarted)).toBe(lost);
  });

  test('nor what it could not send any more, because the server had the other key before it was restarted', () => {
    expect(lostThoughSent(seconds(11, 16, 31, 36), 5, { ...restarted, refusedMs: 26_000 })).toBe(0);
  });
});
