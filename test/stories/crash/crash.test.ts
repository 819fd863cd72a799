import { describe, expect, test } from 'vitest';
import { playEveryPoint, playSample } from './every-point.ts';
import { play, ways, waysOfAutoregistration } from './scenario.ts';

// Killed anywhere, both sides share a key in the end, and the end is told once. Each test takes a few seconds on a computer that has
// nothing else to do, and many times that beside the host scripts, whose sessions the kernel gives a share each.
describe('killed at every point of a rotation', { timeout: 240_000 }, () => {
  test.each(ways)('%s: the agent is reached, and nothing is left over', async (way) => {
    const scenario = { way, gate: 'shadow-agent', targets: 1, identityMode: 'new', retries: 1 } as const;
    const { runs, found } = await playEveryPoint(scenario);
    console.log(`${way}: killed at ${runs - 1} points`);
    expect(found).toEqual([]);
  });

  test.each(ways)('%s, of an active proxy: it is reached, and nothing is left over', async (way) => {
    const scenario = { way, gate: 'shadow-agent', targets: 'proxy', identityMode: 'new', retries: 1 } as const;
    const { runs, found } = await playEveryPoint(scenario);
    console.log(`${way}, proxy: killed at ${runs - 1} points`);
    expect(found).toEqual([]);
  });

  test.each(ways)('%s, of a proxy and the agent beside it: both are reached, and nothing is left over', async (way) => {
    const scenario = {
      way,
      gate: 'shadow-agent',
      targets: 'proxy and agent',
      identityMode: 'new',
      retries: 1,
    } as const;
    const { runs, found } = await playEveryPoint(scenario);
    console.log(`${way}, proxy and agent: killed at ${runs - 1} points`);
    expect(found).toEqual([]);
  });

  test.each(ways)(
    '%s, of a host behind a proxy that must be told: it is reached, and nothing is left over',
    async (way) => {
      const scenario = {
        way,
        gate: 'shadow-agent',
        targets: 'behind a proxy of 6.0',
        identityMode: 'new',
        retries: 1,
      } as const;
      const { runs, found } = await playEveryPoint(scenario);
      console.log(`${way}, behind a proxy of 6.0: killed at ${runs - 1} points`);
      expect(found).toEqual([]);
    },
  );

  test.each(ways)(
    '%s, of a host behind a proxy that is waited for: it is reached, and nothing is left over',
    async (way) => {
      const targets = 'behind a passive proxy of 6.0';
      const scenario = { way, gate: 'shadow-agent', targets, identityMode: 'new', retries: 1 } as const;
      const { runs, found } = await playEveryPoint(scenario);
      console.log(`${way}, behind a passive proxy of 6.0: killed at ${runs - 1} points`);
      expect(found).toEqual([]);
    },
  );

  test.each(
    ways.flatMap((way) =>
      (['unencrypted', 'unencrypted, door open', 'unencrypted proxy', 'certificate'] as const).map(
        (targets) => [way, targets] as const,
      ),
    ),
  )(
    '%s, of one that is %s: it is reached, with the key of AWSCURRENT or without one as before',
    async (way, targets) => {
      const scenario = { way, gate: 'shadow-agent', targets, identityMode: 'new', retries: 1 } as const;
      const { runs, found } = await playEveryPoint(scenario);
      console.log(`${way}, ${targets}: killed at ${runs - 1} points`);
      expect(found).toEqual([]);
    },
  );

  test.each(waysOfAutoregistration)(
    '%s, of autoregistration: newcomers register with what the secret holds, and nothing is left over',
    async (way) => {
      const targets = 'autoregistration';
      const scenario = { way, gate: 'port-probe', targets, identityMode: 'new', retries: 1 } as const;
      const { runs, found } = await playEveryPoint(scenario);
      console.log(`${way}, autoregistration: killed at ${runs - 1} points`);
      expect(found).toEqual([]);
    },
  );

  test('twice while a machine with two programs is tidied: what is left there is told, of one of the two', async () => {
    const targets = 'proxy and agent';
    const scenario = { way: 'forward', gate: 'shadow-agent', targets, identityMode: 'new', retries: 1 } as const;
    const { effects } = await play(scenario);
    const tidied = effects.indexOf('keys removed on web-1');
    expect((await play(scenario, { calls: [], effects: [tidied, tidied + 1] })).wrong).toEqual([]);
  });

  test('and at a second point after it, in scenarios that chance picks', async () => {
    expect(await playSample(300, 1)).toEqual([]);
  });
});
