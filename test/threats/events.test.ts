import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEvent } from '../../lambda/event.ts';
import { logArchive } from '../../lambda/evidence/archive.ts';
import { parseRepairEvent } from '../../lambda/repair-event.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { anyJson, expectOurs, key, poisons } from './poison.ts';

const names = ['Step', 'SecretId', 'ClientRequestToken', 'rotate', 'abandon', 'inspect', 'repair', 'source', 'detail'];

test.each([
  ['rotation', parseEvent],
  ['repair', parseRepairEvent],
] as const)('whatever the %s function is called with, it takes it or refuses it in a readable sentence', (_, parse) => {
  fc.assert(
    fc.property(anyJson(names), (event) => {
      try {
        parse(event);
      } catch (error) {
        expectOurs(error);
      }
    }),
  );
});

test('a secret’s value that was pasted as an event is not repeated', () => {
  const value = { identity: 'web-01', psk: key, [key]: key };
  expect(() => parseEvent(value)).toThrow('(it has: identity, psk, ******)');
});

test('nothing that anybody said makes a second line in the log', async () => {
  const lines: string[] = [];
  const archive = logArchive((line) => lines.push(line), { now: () => ({ ms: 0 }), sleep: async () => undefined });
  for (const poison of poisons) await archive.append({ event: 'target.notInspected', because: poison });
  expect(lines).toHaveLength(poisons.length);
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(poisons.map(() => 'target.notInspected'));
});

test('a key that strays into a log line prints as its fingerprint', async () => {
  const lines: string[] = [];
  const archive = logArchive((line) => lines.push(line), { now: () => ({ ms: 0 }), sleep: async () => undefined });
  await archive.append({ event: 'x', credential: { identity: 'web-01', key: PskKey.parse(key) } });
  expect(lines[0]).toContain('psk:a8ae6e6ee929');
  expect(lines[0]).not.toContain(key);
});
