import { describe, expect, test } from 'vitest';
import { kinds, leftOut, reloads } from '../lab/bench/kinds/kind.ts';

describe('what is left out', () => {
  test('is nothing on 7.0', () => {
    expect(kinds.flatMap((kind) => reloads.flatMap((reload) => leftOut('7.0', kind, reload) ?? []))).toEqual([]);
  });

  test('is on 6.0 what a proxy learns within an hour only, each with its reason', () => {
    const left = kinds.flatMap((kind) =>
      reloads.flatMap((reload) => {
        const because = leftOut('6.0', kind, reload);
        return because === undefined ? [] : [`${kind}, ${reload}: ${because}`];
      }),
    );
    expect(left).toEqual([
      expect.stringMatching(/^behind-active-proxy, without: not measured, refused: .*3,600 s \(ConfigFrequency\)/),
      expect.stringMatching(/^behind-passive-proxy, without: not measured, up to an hour: .*3,600 s \(Proxy/),
      expect.stringMatching(/^behind-passive-proxy, with: not measured, up to an hour: .*nobody can hurry it/),
    ]);
  });
});
