import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Release } from '../release.ts';
import type { AdminApi } from './admin-api.ts';

/** What the rotation service is given to reach Zabbix with: the least that its work needs. */
export interface Access {
  readonly username: string;
  readonly password: string;
  /** API token of the same user. On 6.0 script.execute works with a session only (facts of 6.0.14: HTTP 500 with a token). */
  readonly token: string;
}

/** Name of the global script that tells whether the server's key and the agent's key agree. */
export const probeScript = 'psk-rotation probe';

/** What the service is to rotate: the role for proxies may more, since Zabbix lets only super admins change one. */
export type Rotates = keyof Release['roles'];

/**
 * Makes the role that a file of `docs/` holds, a user group that may write the host group and may not use the frontend,
 * a user and its token.
 */
export async function grantAccess(
  api: AdminApi,
  release: Release,
  rotates: Rotates,
  hostGroupId: string,
): Promise<Access> {
  const roleFile = new URL(`../../../${release.roles[rotates]}`, import.meta.url);
  const roleid = await api.create('role.create', z.looseObject({}).parse(JSON.parse(readFileSync(roleFile, 'utf8'))));
  const usrgrpid = await api.create('usergroup.create', {
    name: 'PSK rotation',
    gui_access: 3,
    [release.apiUserGroupRights]: [{ id: hostGroupId, permission: 3 }],
  });
  const username = 'psk-rotation';
  const password = randomBytes(18).toString('base64url');
  const userid = await api.create('user.create', { username, passwd: password, roleid, usrgrps: [{ usrgrpid }] });
  const tokenid = await api.create('token.create', { name: 'PSK rotation', userid });
  const [generated] = await api.call('token.generate', [tokenid], z.tuple([z.object({ token: z.string() })]));
  return { username, password, token: generated.token };
}

/** The script runs nothing: an agent without remote commands refuses it, which it can only say over a working connection. */
export function createProbeScript(api: AdminApi): Promise<string> {
  return api.create('script.create', { name: probeScript, type: 0, scope: 2, execute_on: 0, command: 'true' });
}
