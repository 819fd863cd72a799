import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orders } from '../lab/bench/order.ts';
import { resultsShape } from '../lab/bench/results.ts';
import { timeLines } from '../lab/bench/time-lines.ts';
import { aTimeLine, somePicture } from './some-results.ts';

describe('the picture of the time lines', () => {
  const svg = timeLines(somePicture());

  test('is the same for the same figures, and stands alone', () => {
    expect(timeLines(somePicture())).toBe(svg);
    expect(svg).not.toMatch(/href|url\(|<script|<style|<image/);
    expect(svg.match(/https?:\/\/[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });

  test('shades a hole and writes its length; what lost nothing is not shaded', () => {
    expect(svg.match(/>35\.0 s</g)).toHaveLength(orders.length);
    expect(svg).not.toMatch(/>5\.0 s</);
    expect(svg).toContain('longest hole: passive 35.0 s, 6 values lost; active 5.0 s, nothing lost');
  });

  test('puts a moment where it belongs: 120 px for −10 s, 936 px for the first values after the last hole', () => {
    const at = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x)).slice(1);
    // 45 s on 816 px; the legend's dot comes first.
    expect(at.slice(0, 3)).toEqual([-5, 30, 35].map((s) => Math.round((120 + ((s + 10) / 45) * 816) * 10) / 10));
  });

  test('can be read to those who do not see it', () => {
    expect(svg).toMatch(/role="img" aria-labelledby="title desc"/);
    expect(svg).toMatch(/<title id="title">[^<]+zabbix_agentd[^<]+<\/title>/);
    expect(svg).toMatch(
      /<desc id="desc">[^<]*the server uses the new key after 30\.0 s, the agent after 0\.3 s[^<]*<\/desc>/,
    );
  });

  test('escapes what it is told', () => {
    expect(timeLines({ ...somePicture(), agent: '<script>&' })).toContain('&lt;script&gt;&amp;');
  });

  test('draws every value that lies on the axis, and no other', () => {
    const far = {
      ...aTimeLine('host-first'),
      passive: { valuesS: [-30, 0, 300], hole: { fromS: 0, toS: 20, lost: 3 } },
    };
    const dots = timeLines({ ...somePicture(), timeLines: [far] }).match(/<circle/g);
    expect(dots).toHaveLength(1 + 1 + 2);
  });

  test('that is committed is drawn from the results that are', () => {
    const folder = join(import.meta.dirname, '../../docs/bench');
    const results = resultsShape.parse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')));
    expect(readFileSync(join(folder, 'time-lines.svg'), 'utf8')).toBe(timeLines(results.picture));
  });
});
