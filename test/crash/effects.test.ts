import { expect, test } from 'vitest';
import { parseEffects } from '../lab/crash/effects.ts';

test('effects of the same name are told apart by their number, script and worker each on its own', () => {
  const seen = parseEffects('switch script mv phase\nswitch worker mv phase\nswitch script mv phase\n');
  expect(seen).toEqual([
    { kind: 'node', verb: 'switch', session: 'script', effect: 'mv phase', nth: 1 },
    { kind: 'node', verb: 'switch', session: 'worker', effect: 'mv phase', nth: 1 },
    { kind: 'node', verb: 'switch', session: 'script', effect: 'mv phase', nth: 2 },
  ]);
});

test('a probe that is repeated until the server is ready is told twice', () => {
  expect(parseEffects('switch script rm shadow\n'.repeat(7))).toHaveLength(2);
});

test('what no shim of ours writes is an error', () => {
  expect(() => parseEffects('rm everything\n')).toThrow('the shim has written "rm everything"');
});
