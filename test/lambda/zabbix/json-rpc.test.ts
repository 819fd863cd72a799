import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { describe, expect, test } from 'vitest';
import { ZabbixRefused, ZabbixUnreachable } from '../../../lambda/errors.ts';
import { type JsonRpc, jsonRpc } from '../../../lambda/zabbix/json-rpc.ts';
import { listening } from '../../listening.ts';
import { selfSigned } from '../../self-signed.ts';

async function answering(listener: RequestListener): Promise<JsonRpc> {
  const port = await listening(createServer(listener));
  return jsonRpc({ url: new URL(`http://127.0.0.1:${port}/api_jsonrpc.php`), caPem: undefined });
}

const call = { method: 'host.get', params: {} };

describe('what is not an answer of the API', () => {
  test('is unreachable when nobody listens', async () => {
    const rpc = jsonRpc({ url: new URL('http://127.0.0.1:9/api_jsonrpc.php'), caPem: undefined });
    await expect(rpc(call)).rejects.toThrow(ZabbixUnreachable);
    await expect(rpc(call)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
  });

  test('is unreachable with an HTTP error', async () => {
    const rpc = await answering((_, response) => response.writeHead(502).end('Bad gateway'));
    await expect(rpc(call)).rejects.toThrow(/answered host.get with HTTP 502/);
  });

  test('is told from silence', async () => {
    const rpc = await answering(() => undefined);
    const asked = rpc({ ...call, timeoutMs: 50 });
    await expect(asked).rejects.toThrow(ZabbixUnreachable);
    await expect(asked).rejects.toThrow('gave no answer within 0.05 s');
  });

  test('is named when the URL is some other page', async () => {
    const rpc = await answering((_, response) => response.end('<html>'));
    await expect(rpc(call)).rejects.toThrow(/is the URL that of api_jsonrpc.php\?/);
  });
});

test('a certificate that nobody has vouched for is named, with the remedy', async () => {
  const pem = selfSigned();
  const port = await listening(createSecureServer({ key: pem, cert: pem }, (_, response) => response.end('{}')));
  const rpc = jsonRpc({ url: new URL(`https://127.0.0.1:${port}/api_jsonrpc.php`), caPem: undefined });
  await expect(rpc(call)).rejects.toThrow(
    /the certificate of Zabbix at https:\/\/127\.0\.0\.1:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); give the stack the CA/,
  );
});

test('a key that Zabbix repeats in its error is masked', async () => {
  // 6.0.14 repeats a value that is too long, whole.
  const key = 'ab'.repeat(257);
  const error = {
    code: -32500,
    message: 'Application error.',
    data: `Value "${key}" is too long for field "tls_psk" - 514 characters.`,
  };
  const rpc = await answering((_, response) => response.end(JSON.stringify({ jsonrpc: '2.0', error, id: 1 })));
  await expect(rpc(call)).rejects.toThrow(ZabbixRefused);
  await expect(rpc(call)).rejects.toThrow(/Value "\*\*\*\*\*\*" is too long/);
});
