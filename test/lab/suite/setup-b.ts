import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { labelled, ownerAndMode } from './held.ts';

export const secretsOfSetupB = ['zbx-agent-active-rocky'];

/** A host with agent 2 and a key of its own, with the very parameters of the people who asked for this. */
export function setupB(lab: () => Lab): void {
  describe('agent 2 with a key of 128 bytes, 0400 zabbix, its own name as identity', () => {
    test('is rotated, and nothing of it can be read on the wire before, during and after', async () => {
      const name = 'zbx-agent-active-rocky';
      const host = await lab().host({
        name,
        agent: 'zabbix_agent2',
        identity: name,
        psk: randomBytes(128).toString('hex'),
        keyFile: { path: '/etc/zabbix/agent.psk', owner: 'zabbix:zabbix', mode: '0400' },
      });
      await lab().adopt(name, [host], { identityMode: 'fixed', keyBytes: 128 });
      const capture = await lab().zabbix.capture([host.ip]);
      await host.awaitValues(Date.now());

      expect(await lab().rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });

      await host.awaitValues(Date.now());
      const traffic = await capture.stop();
      expect(labelled(lab(), name, 'AWSCURRENT')).toMatchObject({
        identity: name,
        psk: expect.stringMatching(/^[0-9a-f]{256}$/),
      });
      expect(await ownerAndMode(host, host.keyFile)).toBe('zabbix:zabbix 400');
      const config = host.machine.read(host.paths.config);
      expect(config).toMatch(/^TLSConnect=psk$/m);
      expect(config).toMatch(/^TLSAccept=psk$/m);
      expect(config).toMatch(/^TLSPSKIdentity=zbx-agent-active-rocky$/m);
      expect(config).toMatch(/^TLSPSKFile=\/etc\/zabbix\/agent\.psk$/m);
      expect(traffic.empty).toBe(false);
      // The identity itself is sent in clear by TLS-PSK; item keys, values and requests are not.
      expect(traffic.readable(['agent.ping', 'system.localtime', 'active checks', 'agent data', 'ZBXD'])).toEqual([]);
    });
  });
}
