import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SmallHost } from '../hosts/small-host.ts';
import { releases, type ZabbixVersion } from '../release.ts';
import { AdminApi } from '../zabbix/admin-api.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';

/** A limit that is Zabbix' own and stated in docs/security.md: here it can be seen, and how much it takes. */
export function keyGuessingOn(version: ZabbixVersion): void {
  describe(`who may only read a host of Zabbix ${version}`, () => {
    let zabbix: ZabbixLab;
    let host: SmallHost;
    beforeAll(async () => {
      zabbix = await startZabbix({ version });
      host = await zabbix.host({ name: 'guessed', agent: 'zabbix_agentd', checks: 'passive' });
    });
    afterAll(() => zabbix?.stop());

    test('finds its whole key, digit by digit; and who may not read it finds nothing', async () => {
      const { hostId } = host.monitored;
      const [reader, stranger] = await Promise.all([signedIn('reader', true), signedIn('stranger', false)]);
      const began = performance.now();
      const { found, requests } = await guess(reader, hostId);
      console.info(
        `Zabbix ${version}: ${found.length} digits in ${requests} requests and ${((performance.now() - began) / 1000).toFixed(1)} s`,
      );

      expect(found === host.firstCredential?.psk).toBe(true);
      expect(await guess(stranger, hostId)).toEqual({ found: '', requests: 16 });
    });

    /** A user with the role that Zabbix calls "User role", and a group that may read the host's group or no group at all. */
    async function signedIn(username: string, mayRead: boolean): Promise<AdminApi> {
      const { api, hostGroupId, frontend } = zabbix;
      const rights = mayRead ? { [releases[version].apiUserGroupRights]: [{ id: hostGroupId, permission: 2 }] } : {};
      const usrgrpid = await api.create('usergroup.create', { name: username, ...rights });
      const password = randomBytes(18).toString('base64url');
      const user = { username, passwd: password, roleid: '1', usrgrps: [{ usrgrpid }] };
      await api.create('user.create', user);
      return AdminApi.login(new URL('api_jsonrpc.php', frontend.plain).href, { username, password });
    }
  });
}

async function guess(api: AdminApi, hostid: string): Promise<{ readonly found: string; readonly requests: number }> {
  let found = '';
  for (let requests = 0; ; ) {
    let next: string | undefined;
    for (const digit of '0123456789abcdef') {
      requests += 1;
      const asked = { hostids: [hostid], search: { tls_psk: found + digit }, startSearch: true, countOutput: true };
      if ((await api.call('host.get', asked, z.coerce.number())) === 0) continue;
      next = digit;
      break;
    }
    if (next === undefined) return { found, requests };
    found += next;
  }
}
