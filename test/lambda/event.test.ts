import { expect, test } from 'vitest';
import { parseEvent } from '../../lambda/event.ts';

test('a step of Secrets Manager is taken as it comes, with fields we do not know', () => {
  const event = { Step: 'setSecret', SecretId: 'arn:x', ClientRequestToken: 't', RotationToken: 'r' };
  expect(parseEvent(event)).toEqual({ step: 'setSecret', secretId: 'arn:x', token: 't' });
});

test.each([{ rotate: 'web' }, { rotate: 'web', abandon: 'v1' }, { inspect: 'web' }])(
  'a request from the console: %o',
  (event) => {
    expect(parseEvent(event)).toEqual(event);
  },
);

test.each([
  [{ Rotate: 'web' }, /it has: Rotate/],
  [{ rotate: '' }, /it has: rotate/],
  [{ rotate: 'web', inspect: 'web' }, /it has: rotate, inspect/],
  [{ Step: 'deleteEverything', SecretId: 'a', ClientRequestToken: 'b' }, /it has: Step, SecretId, ClientRequestToken/],
  ['text', /it has: string/],
])('anything else is refused: %o', (event, message) => {
  expect(() => parseEvent(event)).toThrow(message);
});
