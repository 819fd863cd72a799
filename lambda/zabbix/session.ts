import { Refusal, ZabbixRefused, ZabbixUnreachable } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Archive } from '../rotation/ports.ts';
import { type Dialect, dialectOf, type NewerVersions, notAuthorised, releaseName } from './dialect.ts';
import type { JsonRpc } from './json-rpc.ts';

/** How we get in: an API token, or a user whose session also may call script.execute. */
export type Access = { readonly token: string } | { readonly username: string; readonly password: string };

/** An API that knows who we are and which version it speaks. */
export interface Session {
  readonly version: string;
  readonly dialect: Dialect;
  readonly hasSession: boolean;
  call(method: string, params: unknown, timeoutMs?: number): Promise<unknown>;
  /** The same, with the frontend's clock. */
  timed(
    method: string,
    params: unknown,
    timeoutMs?: number,
  ): Promise<{ readonly result: unknown; readonly dateS: number }>;
}

export interface SessionOptions {
  readonly rpc: JsonRpc;
  /** Read when needed, because Secrets Manager is asked for it. */
  readonly access: () => Promise<Access>;
  readonly newerVersions: NewerVersions;
  readonly archive: Pick<Archive, 'append'>;
}

/**
 * Opens the API: asks its version, logs in where a user was given, and looks twice at a version that no lab has seen.
 *
 * @throws {Refusal} for a version that we do not know, or that does not do what finding out its key needs
 */
export async function openSession({ rpc, access, newerVersions, archive }: SessionOptions): Promise<Session> {
  const { result } = await rpc({ method: 'apiinfo.version', params: {} });
  const version = quote(word(result, 'apiinfo.version'));
  const dialect = dialectOf(version, newerVersions);
  let given = await access();
  let key = await keyOf(rpc, given);

  const send = (method: string, params: unknown, timeoutMs: number | undefined) =>
    rpc({ method, params, timeoutMs, ...(dialect.auth === 'body' ? { bodyAuth: key } : { bearer: key }) });

  async function timed(method: string, params: unknown, timeoutMs?: number) {
    try {
      return await send(method, params, timeoutMs);
    } catch (error) {
      if (!isNotAuthorised(error)) throw error;
    }
    // A session has ended, or the operator has put another token into the secret: once more with what it holds now.
    given = await access();
    key = await keyOf(rpc, given);
    try {
      return await send(method, params, timeoutMs);
    } catch (error) {
      if (isNotAuthorised(error)) throw refused(error);
      throw error;
    }
  }

  const session: Session = {
    version,
    dialect,
    get hasSession() {
      return 'username' in given;
    },
    timed,
    call: async (method, params, timeoutMs) => (await timed(method, params, timeoutMs)).result,
  };
  if (dialect.knownFrom !== 'lab') await seeThatKeysAreCompared(session);
  if (dialect.knownFrom === 'guess')
    await archive.append({ event: 'zabbix.versionUntried', version, spokenToLike: releaseName(dialect) });
  return session;
}

/** No key, since it is not hex, and no identity that anybody has. */
const nobodys = 'nobody has this (zabbix-psk-rotation)';

/**
 * `filter` on these write-only fields is how we learn which key Zabbix holds, and no manual promises it. `host.get` ignores in
 * silence what it does not filter by; then every host would seem to hold whatever key we ask for.
 */
async function seeThatKeysAreCompared({ version, call }: Session): Promise<void> {
  for (const field of ['tls_psk', 'tls_psk_identity']) {
    const found = await call('host.get', { output: ['hostid'], filter: { [field]: nobodys }, limit: 1 });
    if (Array.isArray(found) && found.length === 0) continue;
    throw new Refusal(
      'ZABBIX_VERSION_UNSUPPORTED',
      `Zabbix ${version} ignores ${field} in the filter of host.get, so nobody could tell which key it holds; report it, naming the version`,
    );
  }
}

async function keyOf(rpc: JsonRpc, access: Access): Promise<string> {
  if ('token' in access) return access.token;
  const { result } = await rpc({
    method: 'user.login',
    params: { username: access.username, password: access.password },
  });
  return word(result, 'user.login');
}

/**
 * A version stands in our sentences, a session id in a header of the next call.
 *
 * @throws {ZabbixUnreachable} unless it is short text that can
 */
function word(result: unknown, method: string): string {
  if (typeof result === 'string' && /^[\x20-\x7e]{1,200}$/.test(result)) return result;
  throw new ZabbixUnreachable(`Zabbix answered ${method} in a form that is not known: it is no line of plain letters`);
}

function refused(cause: unknown): Refusal {
  return new Refusal(
    'ZABBIX_TOKEN_REFUSED',
    'Zabbix does not accept the API token; it is wrong, disabled or expired: put a valid one into the access secret',
    { cause },
  );
}

function isNotAuthorised(error: unknown): boolean {
  return error instanceof ZabbixRefused && notAuthorised.test(error.message);
}
