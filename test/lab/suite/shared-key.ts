import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { sharesKey } from './behind-proxy.ts';
import { endOf, labelled } from './held.ts';
import { currentOf } from './proxies.ts';

const secret = 'ten-hosts';
export const secretsOfSharedKey = [secret];

export function sharedKey(lab: () => Lab): void {
  describe('ten hosts with one identity and one key', () => {
    test('are all back when one of them cannot start with the new key, and move together when it can', async () => {
      const credential = { identity: 'ten', psk: randomBytes(32).toString('hex') };
      const hosts = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          lab().host({
            name: `one-of-ten-${index}`,
            agent: index % 2 === 0 ? 'zabbix_agentd' : 'zabbix_agent2',
            ...credential,
          }),
        ),
      );
      await lab().adopt(secret, hosts);
      const weakest = hosts[6];
      await weakest?.inflict('cannotStartWithNewKey');

      const { outcome, failures, versionId } = await lab().rotate(secret);

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(/rolled back/);
      expect(labelled(lab(), secret, 'AWSPENDING')).toBeUndefined();
      await Promise.all(hosts.map((host) => sharesKey(host, credential)));
      expect(endOf(lab(), secret, versionId)).toMatchObject({ outcome: 'rolled-back' });

      weakest?.heal();
      expect(await lab().rotate(secret)).toMatchObject({ outcome: 'succeeded', failures: [] });
      const current = currentOf(lab(), secret);
      expect(current.psk === credential.psk).toBe(false);
      await Promise.all(hosts.map((host) => sharesKey(host, current)));
    });
  });
}
