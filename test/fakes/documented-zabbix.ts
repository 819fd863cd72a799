import { createServer, type IncomingMessage } from 'node:http';
import { isRecord } from '../../infra/fields.ts';

/**
 * Zabbix' API at a local port, in the forms that the manual and the source of each version describe (sources:
 * docs/zabbix-versions.md). For versions that no lab runs: it shows that we ask as documented, not that Zabbix does as documented.
 */
interface Documented {
  /** Where credentials may stand. 6.0 does not look into the header; 7.2 takes `auth` in the body for an unknown parameter. */
  readonly credentials: readonly ('body' | 'header')[];
  /** A property that host.get does not know is left out of its answer, without an error. */
  readonly hostFields: readonly string[];
  /** A property of a proxy that proxy.get does not know, in `output` or `filter`, is an error. */
  readonly proxyFields: readonly string[];
  /** How the hosts of a proxy may be selected; another word is an error. */
  readonly proxySelects: Readonly<Record<string, 'hosts' | 'assignedHosts'>>;
  /** Whether keys and identities may stand in proxy.get's `filter`. */
  readonly proxyKeysAreCompared: boolean;
  readonly loginFields: readonly string[];
  /** Whether an Admin may call task.create. */
  readonly adminChecksNow: boolean;
  readonly tokenRunsScripts: boolean;
}

const tls = ['tls_connect', 'tls_accept', 'tls_issuer', 'tls_subject'];
const ever = ['hostid', 'host', 'status', ...tls, 'maintenance_status', 'maintenance_type'];
const before70 = [...ever, 'proxy_hostid'];
const proxyEver = ['proxyid', ...tls, 'lastaccess', 'description'];
const proxyBefore70 = [...proxyEver, 'host', 'status'];
const proxySince70 = [...proxyEver, 'name', 'operating_mode', 'state'];
const selectsBefore70 = { selectHosts: 'hosts' } as const;
const selectsSince70 = { ...selectsBefore70, selectAssignedHosts: 'assignedHosts' } as const;
const since70 = [...ever, 'monitored_by', 'proxyid', 'proxy_groupid', 'assigned_proxyid'];

const documented = {
  '6.0': {
    credentials: ['body'],
    hostFields: before70,
    proxyFields: proxyBefore70,
    proxySelects: selectsBefore70,
    proxyKeysAreCompared: true,
    loginFields: ['username', 'user', 'password'],
    adminChecksNow: false,
    tokenRunsScripts: false,
  },
  '6.4': {
    credentials: ['body', 'header'],
    hostFields: before70,
    proxyFields: proxyBefore70,
    proxySelects: selectsBefore70,
    proxyKeysAreCompared: false, // not documented; the worse of the two
    loginFields: ['username', 'password'],
    adminChecksNow: false,
    tokenRunsScripts: false, // not documented; the worse of the two
  },
  '7.0': {
    credentials: ['body', 'header'],
    hostFields: since70,
    proxyFields: proxySince70,
    proxySelects: selectsSince70,
    proxyKeysAreCompared: false,
    loginFields: ['username', 'password'],
    adminChecksNow: true, // since 7.0.19
    tokenRunsScripts: true,
  },
  '7.2': {
    credentials: ['header'],
    hostFields: since70,
    proxyFields: proxySince70,
    proxySelects: selectsSince70,
    proxyKeysAreCompared: false,
    loginFields: ['username', 'password'],
    adminChecksNow: false,
    tokenRunsScripts: true,
  },
  '7.4': {
    credentials: ['header'],
    hostFields: since70,
    proxyFields: proxySince70,
    proxySelects: selectsSince70,
    proxyKeysAreCompared: false,
    loginFields: ['username', 'password'],
    adminChecksNow: true, // since 7.4.3
    tokenRunsScripts: true,
  },
} as const satisfies Record<string, Documented>;

export type Release = keyof typeof documented;

/** The value as Zabbix would send it: numbers as strings. */
type Host = Record<string, string>;

export interface Asked {
  readonly method: string;
  readonly params: unknown;
  readonly header: string | undefined;
  readonly body: unknown;
}

interface Options {
  /** What apiinfo.version answers, where it is not `<release>.5`. */
  readonly version?: string;
  readonly hosts?: readonly Host[];
  readonly proxies?: readonly Host[];
  /** What item.get answers, whatever it is asked for. */
  readonly items?: readonly object[];
  readonly autoregistration?: Host;
  /** Only they may see and change autoregistration. Default true. */
  readonly isSuperAdmin?: boolean;
}

export const token = 'a1'.repeat(32);
export const user = { username: 'psk-rotator', password: 'not a secret' };
const sessionId = 'b2'.repeat(16);

export async function documentedZabbix(
  release: Release,
  { version, hosts = [], proxies = [], items = [], autoregistration = {}, isSuperAdmin = true }: Options = {},
) {
  const rules: Documented = documented[release];
  const stored: Host[] = hosts.map((host) => ({ ...host }));
  const storedAutoregistration: Host = { ...autoregistration };
  const storedProxies: Host[] = proxies.map((proxy) => ({ ...proxy }));
  const asked: Asked[] = [];

  function answer({ method, params, header, body }: Asked): unknown {
    if (body !== undefined && !rules.credentials.includes('body'))
      throw refusal(-32600, 'Invalid request.', 'Invalid parameter "/": unexpected parameter "auth".');
    const given = (rules.credentials.includes('header') ? header?.replace(/^Bearer /, '') : undefined) ?? body;
    const fields = isRecord(params) ? params : {};

    if (method === 'apiinfo.version' || method === 'user.login') {
      if (given !== undefined) throw invalid(`The "${method}" method must be called without authorization header.`);
      if (method === 'apiinfo.version') return version ?? `${release}.5`;
      const unexpected = Object.keys(fields).find((name) => !rules.loginFields.includes(name));
      if (unexpected !== undefined) throw invalid(`Invalid parameter "/": unexpected parameter "${unexpected}".`);
      if (fields.username !== user.username || fields.password !== user.password)
        throw application('Incorrect user name or password or account is temporarily blocked.');
      return sessionId;
    }
    if (given !== token && given !== sessionId) throw invalid('Not authorized.');

    switch (method) {
      case 'host.get':
        return stored.filter((host) => isWanted(host, fields)).map((host) => shown(host, fields.output));
      case 'host.update':
        for (const change of Array.isArray(params) ? params : [params]) store(change);
        return { hostids: [] };
      case 'proxy.get':
        return storedProxies
          .filter((proxy) => isWantedProxy(proxy, fields))
          .map((proxy) => ({ ...shownProxy(proxy, fields.output), ...selectedHosts(proxy, fields) }));
      case 'proxy.update':
        for (const change of Array.isArray(params) ? params : [params]) {
          const proxy = storedProxies.find(({ proxyid }) => isRecord(change) && change.proxyid === proxyid);
          if (proxy === undefined) throw application('No permissions to referred object or it does not exist!');
          assign(proxy, change);
        }
        return { proxyids: [] };
      case 'autoregistration.get':
      case 'autoregistration.update':
        if (!isSuperAdmin) throw application(`No permissions to call "${method}".`);
        if (method === 'autoregistration.get') return shownAutoregistration(fields);
        Object.assign(storedAutoregistration, fields);
        return true;
      case 'item.get':
        return items.filter((item) => isWantedItem(item, fields));
      case 'script.get':
        return [{ scriptid: '4' }];
      case 'script.execute':
        if (given === token && !rules.tokenRunsScripts) throw new Error('PHP Fatal error: Uncaught TypeError');
        throw application('Unsupported item key.');
      case 'task.create':
        if (!rules.adminChecksNow) throw application('No permissions to call "task.create".');
        return { taskids: ['1'] };
      default:
        throw refusal(-32601, 'Method not found.', `Incorrect API "${method}".`);
    }
  }

  function isWanted(host: Host, { hostids, filter }: Readonly<Record<string, unknown>>): boolean {
    if (Array.isArray(hostids) && !hostids.includes(host.hostid)) return false;
    // An empty value is no condition.
    return Object.entries(isRecord(filter) ? filter : {}).every(
      ([field, wanted]) => wanted === '' || [wanted].flat().map(String).includes(String(host[field])),
    );
  }

  function isWantedProxy(proxy: Host, { proxyids, filter }: Readonly<Record<string, unknown>>): boolean {
    const known = [...rules.proxyFields, ...(rules.proxyKeysAreCompared ? ['tls_psk', 'tls_psk_identity'] : [])];
    for (const field of Object.keys(isRecord(filter) ? filter : {}))
      if (!known.includes(field)) throw invalid(`Invalid parameter "/filter": unexpected parameter "${field}".`);
    return isWanted(proxy, { filter }) && (!Array.isArray(proxyids) || proxyids.includes(proxy.proxyid));
  }

  function shownProxy(proxy: Host, output: unknown) {
    const names = Array.isArray(output) ? output.map(String) : [];
    const unknown = names.find((name) => !rules.proxyFields.includes(name));
    if (unknown !== undefined) throw invalid(`Invalid parameter "/output/1": value must be one of "proxyid".`);
    return Object.fromEntries(names.map((name) => [name, proxy[name]]));
  }

  /** Hosts that name the proxy: their own, or their group's. */
  function selectedHosts({ proxyid }: Host, fields: Readonly<Record<string, unknown>>) {
    const selects = Object.keys(fields).filter((name) => name.startsWith('select'));
    return Object.fromEntries(
      selects.map((select) => {
        const field = rules.proxySelects[select];
        if (field === undefined) throw invalid(`Invalid parameter "/": unexpected parameter "${select}".`);
        const own = stored.filter((host) =>
          [host.proxy_hostid, host.proxyid, ...(field === 'hosts' ? [] : [host.assigned_proxyid])].includes(proxyid),
        );
        return [field, own.map(({ hostid, host, status }) => ({ hostid, host, status }))];
      }),
    );
  }

  /** Items that name no host are any host's. */
  function isWantedItem(item: object, { hostids, itemids }: Readonly<Record<string, unknown>>): boolean {
    const { hostid, itemid } = { hostid: undefined, itemid: undefined, ...item };
    if (Array.isArray(itemids) && !itemids.includes(itemid)) return false;
    return hostid === undefined || !Array.isArray(hostids) || hostids.includes(hostid);
  }

  function shownAutoregistration({ output, ...others }: Readonly<Record<string, unknown>>) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw invalid(`Invalid parameter "/": unexpected parameter "${unknown}".`);
    if (!Array.isArray(output) || output.some((name) => name !== 'tls_accept'))
      throw invalid('Invalid parameter "/output/1": value must be "tls_accept".');
    return { tls_accept: storedAutoregistration.tls_accept };
  }

  function shown(host: Host, output: unknown) {
    const names = rules.hostFields.filter((name) => Array.isArray(output) && output.includes(name));
    return { ...Object.fromEntries(names.map((name) => [name, host[name]])), interfaces: [] };
  }

  function store(change: unknown) {
    const host = stored.find(({ hostid }) => isRecord(change) && change.hostid === hostid);
    if (host === undefined) throw application('No permissions to referred object or it does not exist!');
    assign(host, change);
  }

  /** Without PSK in either direction identity and key are forgotten, without certificates issuer and subject. */
  function assign(object: Host, change: unknown) {
    for (const [field, value] of Object.entries(isRecord(change) ? change : {})) object[field] = String(value);
    const used = Number(object.tls_connect) | Number(object.tls_accept);
    if ((used & 2) === 0) Object.assign(object, { tls_psk: '', tls_psk_identity: '' });
    if ((used & 4) === 0) Object.assign(object, { tls_issuer: '', tls_subject: '' });
  }

  const server = createServer(async (request, response) => {
    const call: unknown = JSON.parse(await textOf(request));
    if (!isRecord(call)) throw new TypeError('not one JSON-RPC call');
    const question: Asked = {
      method: String(call.method),
      params: call.params,
      header: request.headers.authorization,
      body: call.auth,
    };
    asked.push(question);
    try {
      response.end(JSON.stringify({ jsonrpc: '2.0', result: answer(question), id: call.id }));
    } catch (error) {
      if (!(error instanceof ApiError)) response.writeHead(500).end();
      else response.end(JSON.stringify({ jsonrpc: '2.0', error: error.said, id: call.id }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');

  return {
    hosts: stored,
    proxies: storedProxies,
    autoregistration: storedAutoregistration,
    url: new URL(`http://127.0.0.1:${address.port}/api_jsonrpc.php`),
    asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

class ApiError extends Error {
  readonly said: { readonly code: number; readonly message: string; readonly data: string };

  constructor(code: number, message: string, data: string) {
    super(data);
    this.said = { code, message, data };
  }
}

const refusal = (code: number, message: string, data: string) => new ApiError(code, message, data);
const invalid = (data: string) => refusal(-32602, 'Invalid params.', data);
const application = (data: string) => refusal(-32500, 'Application error.', data);

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
