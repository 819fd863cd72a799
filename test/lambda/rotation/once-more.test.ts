import { describe, expect, test } from 'vitest';
import { NodeUnreachable, Refusal } from '../../../lambda/errors.ts';
import { onceMore } from '../../../lambda/rotation/once-more.ts';

describe('what a node is asked once more', () => {
  const unreachable = new NodeUnreachable('web-1', 'forget on web-1 ended without an account');

  test('is what gave no account', async () => {
    const answers = [() => Promise.reject(unreachable), () => Promise.resolve('forgotten')];
    expect(await onceMore(async () => answers.shift()?.())).toBe('forgotten');
  });

  test('is asked twice at most', async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      throw unreachable;
    };
    await expect(onceMore(ask)).rejects.toBe(unreachable);
    expect(asked).toBe(2);
  });

  test('is not what it has refused', async () => {
    let asked = 0;
    const refused = new Refusal('NODE_REFUSED', 'the key in place is another');
    const ask = async () => {
      asked += 1;
      throw refused;
    };
    await expect(onceMore(ask)).rejects.toBe(refused);
    expect(asked).toBe(1);
  });
});
