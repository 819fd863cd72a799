import { describe, expect, test } from 'vitest';
import { kills } from '../lab/crash/kill.ts';
import { crashPoints, type Place, placeKey, pointName } from '../lab/crash/point.ts';
import type { Seen } from '../lab/crash/seen.ts';

const reads: Place = { kind: 'aws', call: 'secretsmanager:DescribeSecret', nth: 1 };
const writes: Place = { kind: 'zabbix', call: 'host.update', nth: 1 };
const writesAgain: Place = { kind: 'zabbix', call: 'host.update', nth: 2 };
const effect: Place = { kind: 'node', verb: 'prepare', session: 'script', effect: 'mv phase', nth: 1 };

function seen(places: readonly Place[], quiet: readonly (readonly [Place, Place])[] = [], host = 'agentd'): Seen {
  return { way: 'forward', host, places, quiet: quiet.map(([one, next]) => [placeKey(one), placeKey(next)]) };
}
const killsOf = (places: readonly Place[], ...ofHosts: readonly Seen[]) =>
  kills(crashPoints('host', 'forward', places), ofHosts).map(({ point, standsFor }) => [
    pointName(point),
    ...standsFor,
  ]);

describe('points that are the same kill are one', () => {
  test('before and after a call that only reads', () => {
    expect(killsOf([reads], seen([reads]))).toEqual([
      [
        'forward: before secretsmanager:DescribeSecret, the function dies',
        'forward: after secretsmanager:DescribeSecret, the function dies',
      ],
    ]);
  });

  test('before and after a call that changes something are two', () => {
    expect(killsOf([writes], seen([writes]))).toHaveLength(2);
  });

  test('after a call and before the next, when nothing is done between', () => {
    expect(killsOf([reads, writes], seen([reads, writes], [[reads, writes]]))).toEqual([
      [
        'forward: before secretsmanager:DescribeSecret, the function dies',
        'forward: after secretsmanager:DescribeSecret, the function dies',
        'forward: before host.update, the function dies',
      ],
      ['forward: after host.update, the function dies'],
    ]);
  });

  test('not when something was told or waited for between them', () => {
    expect(killsOf([writes, writesAgain], seen([writes, writesAgain]))).toHaveLength(4);
  });

  test('not when another kind of host does something between them', () => {
    const places = [writes, writesAgain];
    const busy = seen(places, [], 'agent 2');
    expect(killsOf(places, seen(places, [[writes, writesAgain]]), busy)).toHaveLength(4);
    expect(killsOf(places, seen(places, [[writes, writesAgain]]), seen([writesAgain], [], 'agent 2'))).toHaveLength(3);
  });

  test('what dies at an effect of a script is always another', () => {
    expect(killsOf([effect], seen([effect]))).toHaveLength(2);
  });
});
