import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ZabbixRefused, ZabbixUnreachable } from '../errors.ts';
import { quote } from '../quote.ts';

/** One call of Zabbix' API. `auth` is what the dialect wants: in the body, in the header, or none. */
export interface Call {
  readonly method: string;
  readonly params: unknown;
  readonly bodyAuth?: string | undefined;
  readonly bearer?: string | undefined;
  /** Longest wait for the whole answer; default 20 s. */
  readonly timeoutMs?: number | undefined;
}

export interface Reply {
  readonly result: unknown;
  /** Whole seconds since 1970 by the frontend's clock (the HTTP Date header). */
  readonly dateS: number;
}

export type JsonRpc = (call: Call) => Promise<Reply>;

export interface ZabbixAddress {
  readonly url: URL;
  /** Trusted instead of the public authorities, PEM. */
  readonly caPem: string | undefined;
}

/** The frontend answers in tens of milliseconds; a call that takes longer than this is not going to be answered. */
const timeoutMsDefault = 20_000;

/** A host's items are the longest answer that we ask for, about 200 bytes each: this is 40,000 of them, and a fraction of the function's 512 MB. */
const longestAnswerBytes = 8_000_000;

/**
 * @throws {ZabbixUnreachable} for everything that is not an answer of the API
 * @throws {ZabbixRefused} for an error that the API answers with; anything in it that looks like a key is masked, because
 *   6.0 repeats a key that is too long (docs/zabbix-versions.md)
 */
export function jsonRpc({ url, caPem }: ZabbixAddress): JsonRpc {
  return async ({ method, params, bodyAuth, bearer, timeoutMs = timeoutMsDefault }) => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      method,
      params,
      id: 1,
      ...(bodyAuth === undefined ? {} : { auth: bodyAuth }),
    });
    const { status, dateS, text } = await post({ url, caPem }, body, bearer, timeoutMs);
    if (status !== 200) throw new ZabbixUnreachable(`Zabbix at ${url.href} answered ${method} with HTTP ${status}`);

    const answer = parse(text);
    if (answer === undefined)
      throw new ZabbixUnreachable(
        `Zabbix at ${url.href} answered ${method} with something that is not JSON-RPC; is the URL that of api_jsonrpc.php?`,
      );
    if ('error' in answer) throw new ZabbixRefused(`Zabbix refused ${method}: ${quote(answer.error)}`);
    return { result: answer.result, dateS };
  };
}

function post(
  { url, caPem }: ZabbixAddress,
  body: string,
  bearer: string | undefined,
  timeoutMs: number,
): Promise<{ status: number; dateS: number; text: string }> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // For the whole call: a peer that sends a byte now and then would never be silent.
    const timer = setTimeout(
      () =>
        end(() => reject(new ZabbixUnreachable(`Zabbix at ${url.href} gave no answer within ${timeoutMs / 1000} s`))),
      timeoutMs,
    );
    const fail = (error: NodeJS.ErrnoException) =>
      end(() => reject(new ZabbixUnreachable(whyUnreachable(url, error), { cause: error })));
    const request = send(
      url,
      {
        method: 'POST',
        ...(caPem === undefined ? {} : { ca: caPem }),
        headers: {
          'content-type': 'application/json-rpc',
          'content-length': Buffer.byteLength(body),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > longestAnswerBytes) end(() => reject(new ZabbixUnreachable(tooLong(url))));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode ?? 0,
            dateS: Math.floor(Date.parse(response.headers.date ?? '') / 1000),
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    /** Settles first: to destroy the request raises an error of its own, which comes too late to be told. */
    function end(settle: () => void) {
      clearTimeout(timer);
      settle();
      request.destroy();
    }
    request.on('error', fail);
    request.end(body);
  });
}

function tooLong(url: URL): string {
  return `Zabbix at ${url.href} answers with more than ${longestAnswerBytes / 1_000_000} MB, which no call of ours asks for; is the URL that of api_jsonrpc.php?`;
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function whyUnreachable(url: URL, error: NodeJS.ErrnoException): string {
  if (error.code !== undefined && untrusted.has(error.code)) {
    return `the certificate of Zabbix at ${url.origin} is not trusted (${error.code}); give the stack the CA that signed it (zabbix.caFile in the inventory)`;
  }
  return `Zabbix at ${url.href} cannot be reached (${error.code ?? error.message}); check the URL and the function's way to it`;
}

function parse(text: string): { readonly result: unknown } | { readonly error: string } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  if ('error' in answer) return { error: errorText(answer.error) };
  return 'result' in answer ? { result: answer.result } : undefined;
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'no reason given';
  const parts = ['message' in error ? error.message : undefined, 'data' in error ? error.data : undefined];
  return parts.filter((part) => typeof part === 'string').join(' ');
}
