import { expect, test } from 'vitest';
import { budgets } from '../lab/bench/budgets.ts';
import { orders } from '../lab/bench/order.ts';
import type { Rotation } from '../lab/bench/results.ts';
import { table } from '../lab/bench/table.ts';
import { aRotation, aStartUp, someResults } from './some-results.ts';

function told(rotations: Rotation[]): readonly string[] {
  const results = someResults(rotations);
  return table({ ...results, budgets: [...budgets(results.versions, aStartUp)] });
}

const row = (lines: readonly string[], label: string) => lines.find((line) => line.startsWith(label));

test('orders stand beside each other, each figure as least, median and most', () => {
  const holes = [5, 5.2, 20].map((holeS, index) =>
    aRotation('server-first', { round: index + 1, passive: { holeS, lost: 0 } }),
  );
  const lines = told([...holes, aRotation('host-first'), aRotation('api-first', { agent: 'zabbix_agent2' })]);
  expect(row(lines, 'hole of a passive')).toMatch(
    /^hole of a passive 5 s item, s 5\.0 5\.2 20\.0 {18,}35\.2 35\.2 35\.2 {18,}35\.2 35\.2 35\.2$/,
  );
  expect(lines[0]).toMatch(/^Zabbix 6\.0\.14, .*every 60 s.* of 3$/);
});

test('what was not measured is left empty', () => {
  expect(row(told([aRotation('server-first')]), 'script, side to side')).toBe('script, side to side, s');
});

test('it tells what a rotation takes, and where the calls go', () => {
  const lines = told([aRotation('server-first')]);
  expect(row(lines, 'own time')).toMatch(/320 320 320$/);
  expect(row(lines, 'most calls to AWS')).toBe(
    'most calls to AWS: 11 GetCommandInvocation, 5 DescribeSecret, 4 SendCommand',
  );
  expect(row(lines, 'bundle')).toBe('bundle 360 kB, from import to ready 61 64 90 ms');
});

test('a budget that is not met stands out', () => {
  const lines = told([aRotation('server-first', { passive: { holeS: 25, lost: 4 } })]);
  expect(lines.filter((line) => line.startsWith('✗ NOT MET: '))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith('✓ '))).toHaveLength(8);
});

test('it fits into 120 columns, long holes and all', () => {
  const slow = { passive: { holeS: 199.9, lost: 39 }, active: { holeS: 199.9, lost: 39, lostThoughSent: 30 } };
  const lines = told(
    orders.flatMap((order) =>
      (['zabbix_agentd', 'zabbix_agent2'] as const).map((agent) => aRotation(order, { agent, ...slow })),
    ),
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
});
