import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import type { ApiReaction } from '../zabbix/api-traffic.ts';
import { aim, moments } from './faults-aimed.ts';
import { sharesOneKey } from './faults-end.ts';
import { adoptedHost } from './faults-rows.ts';

export const secretsOfRestarts = ['cache-late', 'server-restarts', 'frontend-restarts'];
/** Seconds; nobody waits for it here. */
export const cacheUpdateFrequencyS = 600;

/** What the whole of Zabbix goes through, one after the other, in a lab whose server renews its cache every 10 minutes. */
export function faultsOfRestarts(lab: () => Lab): void {
  describe('Zabbix as a whole', () => {
    test('the server renews its cache after 600 s: the switch waits in vain, and both sides keep the old key', async () => {
      const host = await adoptedHost(lab(), 'cache-late');
      const end = await lab().rotate('cache-late');
      expect(end.failures[0]?.errorMessage).toMatch(/The server did not accept the new key within.*rolled back/);
      await sharesOneKey(lab(), host, end, 'old');
    });

    test('the server is restarted in mid-rotation: the switch waits for it and the rotation ends on the new key', async () => {
      const host = await adoptedHost(lab(), 'server-restarts');
      const restart = () => lab().zabbix.server.restart({ cacheUpdateFrequencyS });
      aim(lab(), host, moments.zabbixIsTold(restart));
      const end = await lab().rotate('server-restarts');
      expect(end.failures).toEqual([]);
      await sharesOneKey(lab(), host, end, 'new');
    });

    test('the frontend is restarted when Zabbix is told: the function asks again and the rotation ends on the new key', async () => {
      const host = await adoptedHost(lab(), 'frontend-restarts');
      const { frontend, server } = lab().zabbix;
      let restarted: Promise<void> | undefined;
      aim(lab(), host, {
        asked: async ({ method }): Promise<ApiReaction> => {
          if (method !== 'host.update' || restarted !== undefined) return 'pass';
          restarted = frontend.restart(2_500);
          await new Promise((resolve) => setTimeout(resolve, 500));
          return 'pass';
        },
        answered: async ({ method }): Promise<ApiReaction> => {
          // Of several answers the last one is Zabbix' own.
          if (method === 'host.update') await server.reloadConfigurationCache();
          return 'pass';
        },
      });
      const end = await lab().rotate('frontend-restarts');
      await restarted;
      expect(end.failures).toEqual([]);
      await sharesOneKey(lab(), host, end, 'new');
    });
  });
}
