import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { endOf, labelled } from './held.ts';

export const secretsOfRequests = ['asked', 'abandoned', 'tested'];

export function requests(lab: () => Lab): void {
  describe('from the console', () => {
    test('{"inspect"} tells and {"rotate"} starts; the record names who asked', async () => {
      const host = await lab().host({ name: 'asked', agent: 'zabbix_agentd' });
      await lab().adopt('asked', [host]);

      const inspected = await lab().invoke({ inspect: 'zabbix-psk/asked' });
      expect(JSON.stringify(inspected.result)).toMatch(
        /Zabbix holds the key of AWSCURRENT.*runs with the key of AWSCURRENT.*would mint a key of 32 bytes/,
      );

      const asked = await lab().invoke({ rotate: 'zabbix-psk/asked' });
      expect(asked.error).toBeUndefined();
      expect(JSON.stringify(asked.result)).toMatch(
        /The rotation of zabbix-psk\/asked has started \(version requested-/,
      );
      const { outcome, versionId } = await lab().cloud.rotationEnded('zabbix-psk/asked');
      expect(outcome).toBe('succeeded');
      expect(endOf(lab(), 'asked', versionId)).toMatchObject({ trigger: 'rotate event', outcome: 'rotated' });
      expect(labelled(lab(), 'asked', 'AWSCURRENT')?.versionId).toBe(versionId);
    });

    test('"Rotate immediately" switched off (testSecret alone) proves what is in place and changes nothing', async () => {
      const host = await lab().host({ name: 'tested' });
      await lab().adopt('tested', [host]);
      const before = labelled(lab(), 'tested', 'AWSCURRENT');
      expect(await lab().cloud.rotate('zabbix-psk/tested', { testOnly: true })).toMatchObject({
        outcome: 'succeeded',
        kind: 'test',
      });
      expect(labelled(lab(), 'tested', 'AWSCURRENT')).toEqual(before);
      expect(host.keyInPlace() === host.credential.psk).toBe(true);
      expect(lab().facts('tested')).toContainEqual(expect.objectContaining({ event: 'target.proven' }));
    });
  });
}
