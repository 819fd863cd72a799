import { describe, expect, test } from 'vitest';
import { array, object, string } from 'zod/mini';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { zabbixInventory } from '../../../lambda/zabbix/inventory.ts';
import { openSession } from '../../../lambda/zabbix/session.ts';

interface Asked {
  readonly method: string;
  readonly params: unknown;
}

/** A Zabbix of this version that answers each method with what a test gives it, and remembers what it was asked. */
function inventoryOf(version: string, answers: Readonly<Record<string, (params: unknown) => unknown>>) {
  const calls: Asked[] = [];
  const open = () =>
    openSession({
      rpc: async ({ method, params }) => {
        calls.push({ method, params });
        return { dateS: 0, result: method === 'apiinfo.version' ? version : (answers[method]?.(params) ?? []) };
      },
      access: async () => ({ token: 'secret-token' }),
      newerVersions: 'refuse',
      archive: { append: async () => undefined },
    });
  return { inventory: zabbixInventory(open), calls };
}

const agent = { interfaces: [{ type: '1' }] };
const clear = { tls_connect: '1', tls_accept: '1' };
const psk = { tls_connect: '2', tls_accept: '2' };
const host = (hostid: string, more: object) => ({
  hostid,
  host: `h${hostid}`,
  name: `h${hostid}`,
  status: '0',
  ...agent,
  ...more,
});
/** The ids first, then the hosts of each page. */
const answering = (hosts: readonly { hostid: string }[]) => ({
  'host.get': (params: unknown) => {
    const asked = object({ hostids: array(string()) }).safeParse(params);
    return asked.success
      ? hosts.filter(({ hostid }) => asked.data.hostids.includes(hostid))
      : hosts.map(({ hostid }) => ({ hostid }));
  },
});

describe('hosts', () => {
  test('come page by page, and no page holds more than a thousand', async () => {
    const hosts = Array.from({ length: 2_500 }, (_, index) => host(String(index), psk));
    const { inventory, calls } = inventoryOf('7.0.22', answering(hosts));
    expect(await inventory.hosts()).toHaveLength(2_500);
    const pages = calls.flatMap(
      ({ params }) => object({ hostids: array(string()) }).safeParse(params).data?.hostids.length ?? [],
    );
    expect(pages).toEqual([1_000, 1_000, 500]);
  });

  test('with the direction, the visible name to the letter, and whether an agent is known', async () => {
    const hosts = [
      host('1', { ...psk, tls_accept: '3', name: '\u202Etxt.exe' }),
      host('2', { ...clear, interfaces: [{ type: '2' }], active_available: '0', status: '1' }),
      host('3', { ...clear, interfaces: [], active_available: '1' }),
      host('4', { ...psk, tls_accept: '4', interfaces: [] }),
    ];
    const { inventory } = inventoryOf('7.0.22', answering(hosts));
    expect(await inventory.hosts()).toMatchObject([
      {
        name: 'h1',
        visibleName: '\u202Etxt.exe',
        connect: 'psk',
        accept: ['none', 'psk'],
        usesAgent: true,
        enabled: true,
      },
      { name: 'h2', connect: 'none', accept: ['none'], usesAgent: false, enabled: false },
      { name: 'h3', usesAgent: true },
      { name: 'h4', accept: ['certificate'], usesAgent: true },
    ]);
  });

  test.each([
    ['6.0.14', { proxy_hostid: '77' }, { proxyid: '77', host: 'edge', status: '5', ...clear }],
    ['7.0.22', { proxyid: '77' }, { proxyid: '77', name: 'edge', operating_mode: '0', ...clear }],
  ])('of %s name the proxy that they are behind', async (version, behind, proxy) => {
    const answers = { ...answering([host('1', { ...psk, ...behind })]), 'proxy.get': () => [proxy] };
    const { inventory, calls } = inventoryOf(version, answers);
    expect(await inventory.hosts()).toMatchObject([{ behind: 'edge' }]);
    const asked = JSON.stringify(calls.map(({ params }) => params));
    // 6.0 does not know the field and would refuse the call.
    expect(asked.includes('active_available')).toBe(version !== '6.0.14');
  });
});

test.each([
  ['6.0.14', { host: 'active', status: '5' }, { host: 'passive', status: '6' }],
  ['7.0.22', { name: 'active', operating_mode: '0' }, { name: 'passive', operating_mode: '1' }],
])('proxies of %s have the one direction that their mode uses', async (version, active, passive) => {
  const proxies = [active, passive].map((one, index) => ({ proxyid: String(index), ...psk, ...one }));
  const { inventory } = inventoryOf(version, { 'proxy.get': () => proxies });
  expect(await inventory.proxies()).toMatchObject([
    { name: 'active', connect: null, accept: ['psk'] },
    { name: 'passive', connect: 'psk', accept: null },
  ]);
});

test('who holds a key is asked by identity and key together, in both spellings of the digits', async () => {
  const { inventory, calls } = inventoryOf('7.0.22', { 'host.get': () => [{ host: 'web-01' }] });
  const key = PskKey.parse('ab'.repeat(32));
  expect(await inventory.holders({ identity: 'web-01.k7q2x9', key })).toEqual(['web-01']);
  expect(calls.at(-1)?.params).toMatchObject({
    filter: { tls_psk_identity: 'web-01.k7q2x9', tls_psk: [key.reveal(), key.reveal().toUpperCase()] },
  });
});

describe('users who can read hosts', () => {
  const role = (roleid: string, type: string, rules: object) => ({
    roleid,
    name: `role ${roleid}`,
    type,
    rules: { 'api.access': '1', 'api.mode': '0', api: [], ...rules },
  });
  const roles = [
    role('1', '1', {}),
    role('2', '2', { 'api.access': '0' }),
    role('3', '3', {}),
    role('4', '1', { api: ['host.get'] }),
    role('5', '1', { 'api.mode': '1', api: ['item.get'] }),
    role('6', '1', { 'api.mode': '1', api: ['*.get'] }),
  ];
  const group = (usrgrpid: string, users_status = '0') => ({ usrgrpid, users_status });
  const user = (username: string, roleid: string, ...usrgrps: object[]) => ({ username, role: { roleid }, usrgrps });
  const users = [
    user('reader', '1', group('7')),
    user('no-api', '2', group('7')),
    user('admin', '3', group('9')),
    user('denied-method', '4', group('7')),
    user('other-methods', '5', group('7')),
    user('by-wildcard', '6', group('7'), group('8')),
    user('no-right', '1', group('9')),
    user('disabled', '1', group('7'), group('10', '1')),
    { username: 'no-role', role: [], usrgrps: [group('7')] },
  ];
  const rights = {
    7: [['2', '2']],
    8: [
      ['2', '3'],
      ['4', '2'],
    ],
    9: [['2', '0']],
    10: [],
  };

  test.each([
    ['6.0.14', 'rights', 'selectRights'],
    ['7.0.22', 'hostgroup_rights', 'selectHostGroupRights'],
  ])('of %s are those whose role and groups let them', async (version, field, select) => {
    const groups = Object.entries(rights).map(([usrgrpid, list]) => ({
      usrgrpid,
      [field]: list.map(([id, permission]) => ({ id, permission })),
    }));
    const answers = { 'user.get': () => users, 'role.get': () => roles, 'usergroup.get': () => groups };
    const { inventory, calls } = inventoryOf(version, answers);
    expect(await inventory.readers()).toEqual([
      { user: 'reader', role: 'role 1', reads: 1 },
      { user: 'admin', role: 'role 3', reads: 'all' },
      { user: 'by-wildcard', role: 'role 6', reads: 2 },
    ]);
    expect(calls.find(({ method }) => method === 'usergroup.get')?.params).toHaveProperty(select);
  });
});

test('an answer of another form is an error that names the method, and nothing is taken for an empty list', async () => {
  const { inventory } = inventoryOf('7.0.22', { 'host.get': () => ({ hostid: '1' }) });
  await expect(inventory.hosts()).rejects.toThrow(/Zabbix answered host\.get in a form that is not known/);
});
