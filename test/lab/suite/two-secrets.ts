import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { labelled, leftOn } from './held.ts';

export const secretsOfTwoSecrets = ['twice-a', 'twice-b'];

export function twoSecrets(lab: () => Lab): void {
  describe('two secrets that name one host', () => {
    test('rotate one after the other at most: the second is refused while the first is under way', async () => {
      const host = await lab().host({ name: 'twice' });
      await lab().adopt('twice-a', [host]);
      await lab().adopt('twice-b', [host]);

      const ends = await Promise.all([lab().rotate('twice-a'), lab().rotate('twice-b')]);

      const succeeded = ends.filter(({ outcome }) => outcome === 'succeeded');
      const refused = ends.filter(({ outcome }) => outcome === 'failed');
      expect(succeeded).toHaveLength(1);
      expect(refused[0]?.failures[0]?.errorMessage).toMatch(
        /busy with another rotation|Another script has been holding|Zabbix holds another key for host "twice"|does not list/,
      );
      const winner = succeeded[0]?.secretArn.includes('twice-a') ? 'twice-a' : 'twice-b';
      expect(host.keyInPlace() === labelled(lab(), winner, 'AWSCURRENT')?.psk).toBe(true);
      await host.awaitValues(Date.now());
      expect(await leftOn(host)).toEqual([]);
    });
  });
}
