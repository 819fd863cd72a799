import { describe, expect, test } from 'vitest';
import { budgets } from '../lab/bench/budgets.ts';
import type { Rotation } from '../lab/bench/results.ts';
import { anAccount, aRotation, aStartUp, aVersion } from './some-results.ts';

const notMet = (rotations: Rotation[], startUp = aStartUp) =>
  budgets([aVersion(rotations)], startUp)
    .filter(({ met }) => !met)
    .map(({ says, value }) => `${says} (${value})`);

const ours = (changes: Partial<Rotation> = {}) => aRotation('server-first', changes);
const passive = (holeS: number, lost: number) => ({ passive: { holeS, lost } });

describe('a budget', () => {
  test('is met by what the service is built for; an interval may be a few milliseconds long', () => {
    expect(notMet([ours(passive(5.004, 0)), ours(passive(5.009, 0)), ours(passive(20.02, 3))])).toEqual([]);
  });

  test('is not about the other orders', () => {
    expect(notMet([ours(), aRotation('host-first'), aRotation('api-first')])).toEqual([]);
  });

  test.each<{ what: string; rotations: Rotation[]; says: RegExp[] }>([
    {
      what: 'most rotations lose values',
      rotations: [ours(passive(15, 2)), ours(passive(15, 2)), ours()],
      says: [/median: at most 5 s \(15 s, 2 lost\)/],
    },
    {
      what: 'values are lost, however short the holes',
      rotations: [ours(passive(5, 1))],
      says: [/median: at most 5 s \(5 s, 1 lost\)/],
    },
    {
      what: 'one is blind too long',
      rotations: [ours(), ours(passive(25, 4)), ours()],
      says: [/worst: at most 21 s \(25 s\)/],
    },
    {
      what: 'an agent lost what it had sent',
      rotations: [ours({ active: { holeS: 70, lost: 13, lostThoughSent: 11 } })],
      says: [/had not sent \(11 values more\)/],
    },
    {
      what: 'we are slow once',
      rotations: [ours(), ours({ service: { ...anAccount, waitingCpuMs: 900 } })],
      says: [/worst: at most 1000 ms \(1100 ms\)/],
    },
    {
      what: 'AWS is asked too often',
      rotations: [ours({ service: { ...anAccount, awsCalls: { a: 20, b: 6 } } })],
      says: [/AWS for the key, most: at most 25 \(26\)/],
    },
    {
      what: 'its record takes too many',
      rotations: [ours({ service: { ...anAccount, awsCalls: { 's3:PutObject': 4, 'ssm:DescribeDocument': 1 } } })],
      says: [/AWS for its record, most: at most 4 \(5\)/],
    },
    {
      what: 'Zabbix is',
      rotations: [ours({ service: { ...anAccount, zabbixCalls: { a: 13 } } })],
      says: [/Zabbix, most: at most 12 \(13\)/],
    },
  ])('is not met when $what', ({ rotations, says }) => {
    const told = notMet(rotations);
    expect(told).toHaveLength(says.length);
    for (const [index, pattern] of says.entries()) expect(told[index]).toMatch(pattern);
  });

  test('is not met by a big bundle or a slow start', () => {
    expect(notMet([ours()], { bundleKb: 451, importMs: [100, 151, 152] })).toEqual([
      'bundle, minified: at most 450 kB (451 kB)',
      'from import to ready, median: at most 150 ms (151 ms)',
    ]);
  });

  test('is not met by what was not measured', () => {
    expect(notMet([], { bundleKb: 1, importMs: [] }).join()).toMatch(
      /worst: at most 21 s \(not measured\).*ready.*not measured/,
    );
  });
});
