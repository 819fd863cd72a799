import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = readFileSync('docs/security.md', 'utf8');
const [, section = ''] = text.split('## Who could want what');
/** Rows of the table, without its head. */
const rows = (section.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2);
const cells = (row: string) => row.split(' | ').map((cell) => cell.replace(/^\|/, '').trim());

test.each(rows.map((row) => [cells(row)[0], row]))(
  '"%s" is shown by tests that exist, or is a stated limit',
  (_, row) => {
    const shownBy = cells(row).at(-1) ?? '';
    const tests = [...shownBy.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
    expect(tests.filter((path) => !existsSync(path))).toEqual([]);
    expect(tests.length > 0 || shownBy.includes('stated limit')).toBe(true);
  },
);

test('every limit that the table names is stated below it', () => {
  const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 ]/g, '')
      .replaceAll(' ', '-'),
  );
  const named = rows.flatMap((row) => [...row.matchAll(/\]\(#([^)]+)\)/g)]).map(([, anchor]) => anchor);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((anchor) => !headings.includes(anchor ?? ''))).toEqual([]);
});

test('every test of a threat has its row', () => {
  const here = readdirSync('test/threats').filter((file) => file.endsWith('.test.ts') && file !== 'documented.test.ts');
  expect(here.filter((file) => !section.includes(`test/threats/${file}`))).toEqual([]);
});
