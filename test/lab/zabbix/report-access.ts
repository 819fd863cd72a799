import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ZabbixLab } from './zabbix-lab.ts';

const role = z.looseObject({ rules: z.looseObject({ api: z.array(z.string()) }) });

/**
 * Makes the user of the report with the role that `docs/zabbix-role-report-<version>.json` holds, and its token.
 *
 * @param forgotten methods that somebody left out of the role
 */
export async function grantReportAccess(
  { api, version }: Pick<ZabbixLab, 'api' | 'version'>,
  forgotten: readonly string[] = [],
): Promise<{ token: string }> {
  const roleFile = new URL(`../../../docs/zabbix-role-report-${version}.json`, import.meta.url);
  const { rules, ...rest } = role.parse(JSON.parse(readFileSync(roleFile, 'utf8')));
  const allowed = rules.api.filter((method) => !forgotten.includes(method));
  const roleid = await api.create('role.create', { ...rest, rules: { ...rules, api: allowed } });
  const usrgrpid = await api.create('usergroup.create', { name: 'PSK report', gui_access: 3 });
  const passwd = randomBytes(18).toString('base64url');
  const userid = await api.create('user.create', { username: 'psk-report', passwd, roleid, usrgrps: [{ usrgrpid }] });
  const tokenid = await api.create('token.create', { name: 'PSK report', userid });
  const [{ token }] = await api.call('token.generate', [tokenid], z.tuple([z.object({ token: z.string() })]));
  return { token };
}
