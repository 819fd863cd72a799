import { array, object, string, union, unknown, type ZodMiniType } from 'zod/mini';
import type { Dialect } from './dialect.ts';

type Get = <T>(method: string, params: unknown, shape: ZodMiniType<T>) => Promise<T>;

const userReply = array(
  object({
    username: string(),
    role: union([object({ roleid: string() }), array(unknown())]),
    usrgrps: array(object({ usrgrpid: string(), users_status: string() })),
  }),
);
const right = array(object({ id: string(), permission: string() }));
const groupReply = {
  rights: array(object({ usrgrpid: string(), rights: right })),
  hostgroup_rights: array(object({ usrgrpid: string(), hostgroup_rights: right })),
};
const roleReply = array(
  object({
    roleid: string(),
    name: string(),
    type: string(),
    rules: object({ 'api.access': string(), 'api.mode': string(), api: array(string()) }),
  }),
);

const superAdmin = '3';
const disabled = '1';

/** Users who may call `host.get` and read at least one host. Only a super admin is told of all users. */
export async function apiReaders(get: Get, dialect: Dialect) {
  const users = await get(
    'user.get',
    { output: ['username'], selectRole: ['roleid'], selectUsrgrps: ['usrgrpid', 'users_status'] },
    userReply,
  );
  const roles = await get(
    'role.get',
    { output: ['roleid', 'name', 'type'], selectRules: ['api.access', 'api.mode', 'api'] },
    roleReply,
  );
  const mayCall = new Map(roles.filter(({ rules }) => mayGetHosts(rules)).map((role) => [role.roleid, role]));
  const readable = await readableGroups(get, dialect);

  return users.flatMap(({ username, role: given, usrgrps }) => {
    const role = Array.isArray(given) ? undefined : mayCall.get(given.roleid);
    if (role === undefined || usrgrps.some(({ users_status }) => users_status === disabled)) return [];
    const groups = new Set(usrgrps.flatMap(({ usrgrpid }) => readable.get(usrgrpid) ?? []));
    const reads = role.type === superAdmin ? ('all' as const) : groups.size;
    return reads === 0 ? [] : [{ user: username, role: role.name, reads }];
  });
}

/** Host groups that a user group may read, by the user group's id. A right of 0 is "deny". */
async function readableGroups(
  get: Get,
  { groupRights: [select, field] }: Dialect,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const params = { output: ['usrgrpid'], [select]: ['id', 'permission'] };
  const found =
    field === 'rights'
      ? (await get('usergroup.get', params, groupReply.rights)).map(({ usrgrpid, rights }) => ({ usrgrpid, rights }))
      : (await get('usergroup.get', params, groupReply.hostgroup_rights)).map(
          ({ usrgrpid, hostgroup_rights: rights }) => ({
            usrgrpid,
            rights,
          }),
        );
  return new Map(
    found.map(({ usrgrpid, rights }) => [
      usrgrpid,
      rights.filter(({ permission }) => permission !== '0').map(({ id }) => id),
    ]),
  );
}

/** `api.mode` 0 is a list of what is denied, 1 of what is allowed; `*` stands for any object or any method (Zabbix manual, "User roles"). */
function mayGetHosts(rules: { 'api.access': string; 'api.mode': string; api: readonly string[] }): boolean {
  if (rules['api.access'] !== '1') return false;
  const isListed = rules.api.some((method) => ['host.get', 'host.*', '*.get', '*', '*.*'].includes(method));
  return rules['api.mode'] === '1' ? isListed : !isListed;
}
