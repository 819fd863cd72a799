import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marks, withReadmePart } from '../lab/bench/kinds/readme-part.ts';
import { kindResultsShape } from '../lab/bench/kinds/results.ts';
import { marks as marksOfOrders } from '../lab/bench/readme-part.ts';
import { aKindRotation, aVersionOfKinds, someItems, someKindResults } from './some-kinds.ts';

const readme = `# A project\n${marksOfOrders.begin}\nothers\n${marksOfOrders.end}\n${marks.begin}\nolder figures\n${marks.end}\nThe end.\n`;
const quoted = (...about: Parameters<typeof aVersionOfKinds>) =>
  withReadmePart(readme, someKindResults([aVersionOfKinds(...about)]));

describe('what README quotes of all kinds', () => {
  test('takes the place of what it quoted before, and leaves the other part alone', () => {
    const now = quoted([aKindRotation({ own: someItems() })]);
    expect(now).toContain(`# A project\n${marksOfOrders.begin}\nothers\n${marksOfOrders.end}\n`);
    expect(now).toMatch(/\nThe end\.\n$/);
    expect(now).not.toContain('older figures');
  });

  test('is median and worst of the times, and the worst holes', () => {
    const now = quoted([
      aKindRotation({ own: someItems({ holeS: 20.04, lost: 3 }), provenS: 40 }),
      aKindRotation({ round: 2, own: someItems({}, { holeS: 8.1, lost: 1 }), provenS: 60 }),
      aKindRotation({ reload: 'with', own: someItems(), provenS: 12 }),
    ]);
    expect(now).toContain('median and worst of 2');
    expect(now).toContain(
      '| 6.0.14: a host | 50.0 s; worst 60.0 s | 12.0 s; worst 12.0 s | passive 20.0 s, active 8.1 s, 4 lost | passive 5.0 s, active 5.0 s, 0 lost |',
    );
  });

  test('says of a proxy what came of a host behind it, and how late', () => {
    const both = { own: someItems(), behind: someItems({ latestS: 9.94 }, { latestS: 66.1 }) };
    const now = quoted([
      aKindRotation({ kind: 'active-proxy', behind: both.behind }),
      aKindRotation({ kind: 'proxy-and-agent', ...both }),
    ]);
    const behind = 'behind it passive 5.0 s, active 5.0 s, 0 lost, at most 9.9 and 66.1 s late';
    expect(now).toContain(`| 6.0.14: an active proxy | 42.5 s; worst 42.5 s |  | ${behind} |  |`);
    expect(now).toContain(`| passive 5.0 s, active 5.0 s, 0 lost; ${behind} |`);
  });

  test('says why something was not measured, and that autoregistration has no hole', () => {
    const left = { kind: 'behind-passive-proxy', because: 'not measured, up to an hour' } as const;
    const now = quoted([aKindRotation({ kind: 'autoregistration' })], { leftOut: [{ ...left, reload: 'without' }] });
    expect(now).toContain(
      '| 6.0.14: a host behind a passive proxy | not measured, up to an hour |  | not measured, up to an hour |  |',
    );
    expect(now).toMatch(
      /6\.0\.14: autoregistration \| 42\.5 s; worst 42\.5 s \| +\| none: agents that have registered/,
    );
  });

  test('needs its place', () => {
    expect(() => withReadmePart('# A project', someKindResults([]))).toThrow(/each once/);
  });
});

test('README quotes the results that are committed, and nothing as long as there are none', () => {
  const root = join(import.meta.dirname, '../..');
  const file = join(root, 'docs/bench/kinds.json');
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  if (existsSync(file)) {
    const results = kindResultsShape.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(withReadmePart(text, results)).toBe(text);
  } else {
    expect(text).toContain(`${marks.begin}\n${marks.end}`);
  }
});

test('results are kept in a form that can be read again, and in no other', () => {
  const results = someKindResults([aVersionOfKinds([aKindRotation({ own: someItems(), behind: someItems() })])]);
  expect(kindResultsShape.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
  const strange = { ...aKindRotation(), kind: 'toaster' };
  expect(
    kindResultsShape.safeParse({ ...results, versions: [{ ...results.versions[0], rotations: [strange] }] }).success,
  ).toBe(false);
});
