/** What README quotes, as Markdown. */
import { type Marks, row, withPart } from '../part-of-readme.ts';
import type { CutShort, MeasuredVersion, Results } from './results.ts';
import { pointsTried } from './table.ts';

/** Stand around it in README.md. */
export const marks = {
  begin: '<!-- from docs/crash/results.json, by npm run test:crash -->',
  end: '<!-- end of what npm run test:crash writes -->',
} as const satisfies Marks;

/** @throws {Error} when the text has no such part */
export function withReadmePart(readme: string, results: Results): string {
  return withPart(readme, marks, readmePart(results));
}

const columns = [
  ['the function', ({ dies }) => dies === 'function'],
  ['a script', ({ dies }) => dies === 'script'],
  ['the exchange’s worker', ({ dies }) => dies === 'worker'],
  ['the node', ({ dies }) => dies === 'node'],
  ['new key', ({ outcome }) => outcome === 'rotated'],
  ['old key', ({ outcome }) => outcome === 'rolled-back' || outcome === 'refused'],
  ['stranded', isStranded],
] as const satisfies readonly (readonly [string, (one: CutShort) => boolean])[];

function readmePart({ versions }: Results): readonly string[] {
  return [
    row(['crashes on real Zabbix', 'points tried', ...columns.map(([name]) => name), 'keys leaked']),
    row(['---', '---', ...columns.map(() => '---'), '---']),
    ...versions.map(versionRow),
    '',
    'The first four: what was killed, by SIGKILL; then which key both sides ended on, the record says which, and how many had anything else to tell. A point: before or after a call to AWS, a call of Zabbix’ API, an effect of a script; some are the same kill as another and tried with it.',
  ];
}

function versionRow({ zabbix, points, rotations, leaks, keys }: MeasuredVersion): string {
  const crashes = rotations.filter(({ reached }) => reached);
  return row([
    `Zabbix ${zabbix}: ${crashes.length}`,
    `${pointsTried(rotations)} of ${points}`,
    ...columns.map(([, counts]) => String(crashes.filter(counts).length)),
    `${leaks.length} of ${keys}`,
  ]);
}

function isStranded({ problems, outcome }: CutShort): boolean {
  return problems.length > 0 || outcome === 'stranded' || outcome === 'no end';
}
