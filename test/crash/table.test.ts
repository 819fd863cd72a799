import { describe, expect, test } from 'vitest';
import { type CutShort, isWell, type MeasuredVersion, outcomeOf, type Results } from '../lab/crash/results.ts';
import { table } from '../lab/crash/table.ts';

const rotation: CutShort = {
  name: 'forward: after host.update, the function dies',
  targets: 'host',
  way: 'forward',
  place: { kind: 'zabbix', call: 'host.update', nth: 1 },
  moment: 'after',
  dies: 'function',
  host: 'zabbix_agent2, both',
  retries: false,
  reached: true,
  attempts: 1,
  byHourlyLook: false,
  outcome: 'rotated',
  records: 1,
  tookS: 41.5,
  problems: [],
};

function aVersion(rotations: readonly CutShort[]): MeasuredVersion {
  const found = { leaks: [], keys: 3, strange: [], stretches: [] };
  return { zabbix: '7.0', code: 'c0de', points: 6, kills: 4, rotations: [...rotations], ...found };
}
function tableOf(version: MeasuredVersion): readonly string[] {
  const computer = { cores: 2, memoryGb: 4, kernel: 'Linux 6', node: 'v24' };
  const results: Results = { measuredAt: '2026-01-05T12:00:00Z', computer, settings: {}, versions: [version] };
  return table(results);
}
const cells = (line: string | undefined) => line?.trim().split(/\s{2,}/);

describe('the table', () => {
  test('counts every crash once, where it was and how it ended', () => {
    const lines = tableOf(
      aVersion([
        { ...rotation, standsFor: ['forward: before item.get, the function dies'] },
        { ...rotation, outcome: 'rolled-back' },
        { ...rotation, reached: false },
        rotation,
      ]),
    );
    expect(cells(lines.find((line) => line.includes("Zabbix' API")))).toEqual([
      "calls of Zabbix' API",
      ...['4', '2', '1', '·', '·', '1', '·'],
    ]);
    expect(lines).toContain(
      'Zabbix 7.0: well · 3 crashes, 3 left to the repair function · 0 stranded · 0 leaks of 3 keys',
    );
    expect(lines).toContain('  tried 4 of 4 different ones: 5 of 6 points');
  });

  test('keeps what is rotated apart', () => {
    const lines = tableOf(aVersion([rotation, { ...rotation, targets: 'unencrypted' }]));
    expect(lines.map((line) => line.trim())).toEqual(expect.arrayContaining(['forward', 'unencrypted, forward']));
  });

  test('names the crash that ended otherwise than it must, and what is not true', () => {
    const bad = aVersion([{ ...rotation, problems: ['the key file does not hold the key of AWSCURRENT'] }]);
    expect(isWell(bad)).toBe(false);
    expect(tableOf(bad)).toContain(
      '  forward: after host.update, the function dies (zabbix_agent2, both, by the repair function alone)',
    );
    expect(tableOf(bad)).toContain('    the key file does not hold the key of AWSCURRENT');
  });

  test('a point that was tried again tells what was wrong before', () => {
    const again = aVersion([{ ...rotation, earlierProblems: ['the lab: no more secrets'] }]);
    expect(isWell(again)).toBe(true);
    expect(tableOf(again)).toContain('    before it was tried again: the lab: no more secrets');
  });

  test('a leak alone is not well', () => {
    expect(isWell({ ...aVersion([rotation]), leaks: ['a key in a log'] })).toBe(false);
  });

  test('fits into 120 columns', () => {
    expect(Math.max(...tableOf(aVersion([rotation])).map(({ length }) => length))).toBeLessThanOrEqual(120);
  });
});

test.each([
  { recorded: [], outcome: 'no end' },
  { recorded: ['rotated', 'rotated'], outcome: 'rotated' },
  { recorded: ['rotated', 'stranded'], outcome: 'stranded' },
])('records $recorded are told as $outcome', ({ recorded, outcome }) => {
  expect(outcomeOf(recorded)).toBe(outcome);
});
