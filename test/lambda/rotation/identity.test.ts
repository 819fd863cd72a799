import { expect, test } from 'vitest';
import { nextIdentity, safeIdentity } from '../../../lambda/rotation/identity.ts';

test.each([
  ['web-01', /^web-01\.[b-z2-9]{6}$/],
  ['web-01.k7q2x9', /^web-01\.[b-z2-9]{6}$/],
  ['host.example.com', /^host\.example\.com\.[b-z2-9]{6}$/],
  ['Büro 7 "x"', /^B-ro-7--x-\.[b-z2-9]{6}$/],
])('after %s comes the same base with a new suffix', (current, pattern) => {
  expect(nextIdentity(current)).toMatch(pattern);
});

test('it is never longer than the 127 bytes that every TLS library takes', () => {
  const next = nextIdentity('é'.repeat(128));
  expect(Buffer.byteLength(next)).toBe(127);
  expect(next).toMatch(safeIdentity);
});

test('the next identity is never the same', () => {
  const seen = new Set(Array.from({ length: 500 }, () => nextIdentity('web')));
  expect(seen.size).toBe(500);
});
