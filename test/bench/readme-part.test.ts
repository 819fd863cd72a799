import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { marks, withReadmePart } from '../lab/bench/readme-part.ts';
import { resultsShape } from '../lab/bench/results.ts';
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
      'asks AWS at most 20 times (0 of them for its record) and Zabbix 9 times, takes 480 ms of its own (worst 480 ms) and 111 MB',
    );
    expect(now).toContain('load average 0.4 to 0.6');
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
