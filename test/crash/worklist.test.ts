import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../lab/crash/point.ts';
import { Worklist } from '../lab/crash/worklist.ts';

const points: readonly CrashPoint[] = [1, 2, 3, 4].map((nth) => ({
  targets: 'host',
  way: 'forward',
  place: { kind: 'zabbix', call: 'host.get', nth },
  moment: nth % 2 === 1 ? 'before' : 'after',
  dies: 'function',
}));
const everywhere = () => true;

describe('a worklist', () => {
  test('lets before and after meet a lane with retries and one without', () => {
    const worklist = new Worklist(points, everywhere);
    const taken = (retries: boolean) => worklist.next(retries, ['agentd'])?.point.moment;
    expect([taken(true), taken(true)].toSorted()).toEqual(['after', 'before']);
    expect([taken(false), taken(false)].toSorted()).toEqual(['after', 'before']);
    expect(taken(true)).toBeUndefined();
  });

  test('leaves no point to a host that does not come by it', () => {
    const worklist = new Worklist(points, (_, kind) => kind === 'agent 2');
    expect(worklist.next(true, ['agentd'])).toBeUndefined();
    expect(worklist.next(true, ['agentd', 'agent 2'])?.kind).toBe('agent 2');
  });

  test('takes turns between the hosts of a lane', () => {
    const worklist = new Worklist(points, everywhere);
    const kinds = points.map(() => worklist.next(true, ['agentd', 'agent 2'])?.kind);
    expect(kinds).toEqual(['agentd', 'agent 2', 'agentd', 'agent 2']);
  });

  test('leaves out what has been tried, and lets the others keep their lanes', () => {
    const [, second, third] = points;
    const worklist = new Worklist(points, everywhere, (point) => point === second || point === third);
    expect(worklist.left).toBe(2);
    const taken = [worklist.next(false, ['agentd'])?.point, worklist.next(false, ['agentd'])?.point];
    expect(new Set(taken)).toEqual(new Set([second, third]));
  });

  test('gives a point that was not come by a second chance, and no third', () => {
    const [point] = points;
    if (point === undefined) throw new Error('no point');
    const worklist = new Worklist([point], everywhere);
    worklist.next(true, ['agentd']);
    expect(worklist.again(point)).toBe(true);
    expect(worklist.next(false, ['agentd'])?.point).toBe(point);
    expect(worklist.again(point)).toBe(false);
  });
});
