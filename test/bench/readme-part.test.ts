import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marks, withReadmePart } from '../lab/bench/readme-part.ts';
import { type Results, resultsShape } from '../lab/bench/results.ts';
import { aRotation, someResults } from './some-results.ts';

const readme = `# A project\n${marks.begin}\nolder figures\n${marks.end}\nThe end.\n`;

describe('what README quotes', () => {
  test('takes the place of what it quoted before', () => {
    const now = withReadmePart(readme, someResults());
    expect(now).toMatch(/^# A project\n/);
    expect(now).toMatch(/\nThe end\.\n$/);
    expect(now).not.toContain('older figures');
    expect(withReadmePart(now, someResults())).toBe(now);
  });

  test('is median and worst of all rotations of an order, whichever the agent', () => {
    const passive = [5, 5.1, 19.8].map((holeS) => ({ passive: { holeS, lost: holeS > 10 ? 3 : 0 } }));
    const rotations = passive.map((one, index) =>
      aRotation('server-first', { ...one, agent: index === 0 ? 'zabbix_agent2' : 'zabbix_agentd' }),
    );
    const now = withReadmePart(readme, someResults([...rotations, aRotation('host-first')]));
    expect(now).toContain('median and worst of 3 changes each');
    expect(now).toContain(
      '| 6.0.14: passive item | 5.1 s, 0 lost; worst 19.8 s, 3 lost | 35.2 s, 6 lost; worst 35.2 s, 6 lost |  |',
    );
    expect(now).toContain('| 6.0.14: active item | 10.9 s, 1 lost; worst 10.9 s, 1 lost |');
    expect(now).toContain(
      'asks AWS at most 20 times (0 of them for its record) and Zabbix 9 times, takes 320 ms of its own (worst 320 ms) and 111 MB',
    );
    expect(now).toContain('load average 0.4 to 0.6');
  });

  test('names the budgets that are not met', () => {
    const budgets = [
      { says: '6.0.14: calls to Zabbix, most: at most 12', value: '13', met: false },
      { says: 'bundle, minified: at most 450 kB', value: '425 kB', met: true },
    ];
    const told = (results: Results) => withReadmePart(readme, results);
    expect(told({ ...someResults(), budgets })).toContain(
      '1 of 2 budgets are not met: 6.0.14: calls to Zabbix, most: at most 12 (13).',
    );
    expect(told({ ...someResults(), budgets: budgets.slice(1) })).toContain('All 1 budgets of the bench are met.');
  });

  test.each([
    { what: 'neither mark', text: '# A project' },
    { what: 'no end', text: `# A project\n${marks.begin}\n` },
    { what: 'two parts', text: readme + readme },
  ])('needs its place: a README with $what is refused', ({ text }) => {
    expect(() => withReadmePart(text, someResults())).toThrow(/each once/);
  });
});

test('README quotes the results that are committed', () => {
  const root = join(import.meta.dirname, '../..');
  const results = resultsShape.parse(JSON.parse(readFileSync(join(root, 'docs/bench/results.json'), 'utf8')));
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  expect(withReadmePart(text, results)).toBe(text);
});
