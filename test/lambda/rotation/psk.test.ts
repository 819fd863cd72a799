import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PskKey } from '../../../lambda/rotation/psk.ts';

const hex = 'A1b2'.repeat(16);

describe('a key cannot be printed', () => {
  test.each([
    ['String()', (key: PskKey) => String(key)],
    ['JSON', (key: PskKey) => JSON.stringify({ key })],
    ['console.log', (key: PskKey) => inspect({ key }, { depth: 9, showHidden: true })],
    ['a template', (key: PskKey) => `${key}`],
    ['an error', (key: PskKey) => inspect(new Error('with key', { cause: key }))],
  ])('by %s', (_, print) => {
    const printed = print(PskKey.parse(hex));
    expect(printed.toLowerCase()).not.toContain(hex.toLowerCase());
    expect(printed).toContain('psk:');
  });
});

test.each([
  ['30 digits', 'a'.repeat(30), /has 30 hex digits/],
  ['514 digits', 'a'.repeat(514), /has 514 hex digits/],
  ['an odd number of digits', 'a'.repeat(33), /has 33 hex digits/],
  ['a blank', `${'a'.repeat(32)} `, /blank or a newline/],
  ['a newline', `${'a'.repeat(32)}\n`, /blank or a newline/],
  ['other characters', 'g'.repeat(32), /other than hex digits/],
])('a key with %s is refused without being shown', (_, text, message) => {
  expect(() => PskKey.parse(text)).toThrow(message);
  expect(() => PskKey.parse(text)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(text.trim()) }),
  );
});

test('upper and lower case are one key, as they are for Zabbix', () => {
  expect(PskKey.parse(hex.toUpperCase()).fingerprint).toBe(PskKey.parse(hex.toLowerCase()).fingerprint);
});

test('the fingerprint is what sha256sum says of the lower-case digits', () => {
  // printf %s aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | sha256sum
  expect(PskKey.parse('a'.repeat(32)).fingerprint).toBe('3ba3f5f43b92');
});

test.each([16, 32, 256])('a minted key has %i bytes and is another every time', (bytes) => {
  const key = PskKey.mint(bytes);
  expect(key.bytes).toBe(bytes);
  expect(PskKey.mint(bytes).fingerprint).not.toBe(key.fingerprint);
});
