import { describe, expect, test } from 'vitest';
import { crashPoints, type Place, pointName, spreadOut } from '../lab/crash/point.ts';

const call: Place = { kind: 'aws', call: 'ssm:SendCommand', nth: 2 };
const effect = (verb: 'prepare' | 'switch', session: 'script' | 'worker', name: string): Place => ({
  kind: 'node',
  verb,
  session,
  effect: name,
  nth: 1,
});
const names = (place: Place) => crashPoints('host', 'forward', [place]).map(pointName);

describe('crash points', () => {
  test('at a call of the function it dies before and after', () => {
    expect(names(call)).toEqual([
      'forward: before ssm:SendCommand (2), the function dies',
      'forward: after ssm:SendCommand (2), the function dies',
    ]);
  });

  test('of others than a host are told by what is rotated', () => {
    expect(crashPoints('proxy and agent', 'forward', [call]).map(pointName)).toEqual([
      'proxy and agent, forward: before ssm:SendCommand (2), the function dies',
      'proxy and agent, forward: after ssm:SendCommand (2), the function dies',
    ]);
  });

  test('where the agent may be touched the script dies, or its worker, and then the whole node', () => {
    expect(names(effect('switch', 'worker', 'service stop'))).toEqual([
      "forward: before switch's worker: service stop, the worker dies",
      "forward: after switch's worker: service stop, the worker dies",
      "forward: after switch's worker: service stop, the node dies",
    ]);
    expect(names(effect('prepare', 'script', 'mv phase'))).toEqual([
      'forward: before prepare: mv phase, the script dies',
      'forward: after prepare: mv phase, the script dies',
    ]);
  });

  test('a command that becomes the worker has no moment after it', () => {
    expect(names(effect('switch', 'script', 'setsid exchange'))).toEqual([
      'forward: before switch: setsid exchange, the script dies',
    ]);
  });
});

describe('spread out', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index);

  test('every beginning is a fair sample: no two neighbours stand further apart than three times their share', () => {
    for (const count of [5, 10, 40]) {
      const begun = [
        0,
        ...spreadOut(hundred)
          .slice(0, count)
          .toSorted((a, b) => a - b),
        100,
      ];
      const gaps = begun.map((one, index) => one - (begun[index - 1] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual((3 * 100) / count);
    }
  });

  test('nothing is lost', () => {
    expect(spreadOut(hundred).toSorted((a, b) => a - b)).toEqual(hundred);
  });
});
