import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { jsonRpc } from '../../lambda/zabbix/json-rpc.ts';
import { portAccepts } from '../../lambda/zabbix/port-probe.ts';
import { listening } from '../listening.ts';
import { expectOurs, key, thrownBy } from './poison.ts';

const folder = mkdtempSync(join(tmpdir(), 'in-the-middle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });

/** Asks for an EC key and its certificate, or request for one. */
const requested = (subject: string, keyFile: string, ...rest: string[]) =>
  openssl(
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', subject, '-keyout', file(keyFile), ...rest],
  );

function authority(name: string): string {
  requested(`/CN=${name}`, `${name}.key`, '-x509', '-out', file(`${name}.pem`));
  return readFileSync(file(`${name}.pem`), 'utf8');
}

/** A certificate for a name that an authority has signed. */
function signed(by: string, altName: string, ...dates: string[]): { key: Buffer; cert: Buffer } {
  requested('/CN=zabbix', 'leaf.key', '-out', file('leaf.csr'));
  writeFileSync(file('leaf.ext'), `subjectAltName=${altName}\n`);
  openssl(
    ...['x509', '-req', '-in', file('leaf.csr'), '-CA', file(`${by}.pem`), '-CAkey', file(`${by}.key`)],
    ...['-CAcreateserial', '-extfile', file('leaf.ext'), ...dates, '-out', file('leaf.pem')],
  );
  return { key: readFileSync(file('leaf.key')), cert: readFileSync(file('leaf.pem')) };
}

const ours = authority('ours');
authority('another');

/** Somebody on the way who answers in Zabbix' place and keeps what he hears. */
async function inTheMiddle(options: TlsOptions) {
  const heard: string[] = [];
  const server = createServer(options, (socket) => {
    socket.on('data', (data) => {
      heard.push(data.toString());
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"result":[]}');
    });
    socket.on('error', () => undefined);
  });
  const port = await listening(server);
  return { heard, port, url: new URL(`https://127.0.0.1:${port}/api_jsonrpc.php`) };
}

const call = { method: 'host.update', params: { tls_psk: key }, bearer: key, timeoutMs: 2_000 };

test('Zabbix itself, vouched for by the authority of the inventory, gets the call', async () => {
  const { url, heard } = await inTheMiddle(signed('ours', 'IP:127.0.0.1'));
  expect(await thrownBy(() => jsonRpc({ url, caPem: ours })(call))).toBeUndefined();
  expect(heard.join('')).toContain(key);
});

describe('nothing is told, and the sentence names the reason, to', () => {
  test.each<[string, () => TlsOptions, RegExp]>([
    ['another authority’s certificate', () => signed('another', 'IP:127.0.0.1'), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
    ['a certificate for another name', () => signed('ours', 'DNS:mail.example.com'), /ERR_TLS_CERT_ALTNAME_INVALID/],
    ['a certificate that has run out', () => signed('ours', 'IP:127.0.0.1', '-days', '-1'), /CERT_HAS_EXPIRED/],
    [
      'a protocol that is broken',
      () => ({
        ...signed('ours', 'IP:127.0.0.1'),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL@SECLEVEL=0',
      }),
      /cannot be reached/,
    ],
  ])('%s', async (_, options, reason) => {
    const { url, heard } = await inTheMiddle(options());
    const error = await thrownBy(() => jsonRpc({ url, caPem: ours })(call));
    expectOurs(error);
    expect(error).toHaveProperty('message', expect.stringMatching(reason));
    expect(heard).toEqual([]);
  });

  test('one who speaks no TLS at all', async () => {
    const heard: string[] = [];
    const port = await listening(
      createPlainServer((socket) =>
        socket.on('data', (data) => heard.push(data.toString('latin1'))).write('HTTP/1.1 200 OK\r\n\r\n'),
      ),
    );
    const url = new URL(`https://127.0.0.1:${port}/api_jsonrpc.php`);
    expectOurs(await thrownBy(() => jsonRpc({ url, caPem: ours })(call)));
    expect(heard.join('')).not.toContain(key);
  });
});

describe('at the server’s port', () => {
  const credential = { identity: 'web-01', key: PskKey.parse(key) };
  const suites = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'PSK+AES128' } as const;
  const knows = (hex: string) => ({ ...suites, pskCallback: () => Buffer.from(hex, 'hex') });

  test('a key is accepted by who has it, and by nobody else', async () => {
    const { port } = await inTheMiddle(knows(key));
    expect(await portAccepts({ host: '127.0.0.1', port }, credential)).toBe(true);
    const other = await inTheMiddle(knows('f'.repeat(64)));
    expect(await portAccepts({ host: '127.0.0.1', port: other.port }, credential)).toBe(false);
  });

  test('a certificate, however good, is no proof of the key', async () => {
    const { port } = await inTheMiddle({ ...signed('ours', 'IP:127.0.0.1') });
    const probe = `
      import { portAccepts } from './lambda/zabbix/port-probe.ts';
      import { PskKey } from './lambda/rotation/psk.ts';
      console.log(await portAccepts({ host: '127.0.0.1', port: ${port} }, { identity: 'web-01', key: PskKey.mint(32) }));`;
    // A process of its own: the authorities that Node trusts by itself are read at its start.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', probe], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: file('ours.pem') },
    });
    expect(stdout.trim()).toBe('false');
  });

  test('one who never comes to an end of his greeting is left', async () => {
    const port = await listening(
      createPlainServer((socket) => {
        socket.write(Buffer.from([0x16, 0x03, 0x03, 0x3f, 0xff]));
        const timer = setInterval(() => socket.write('\0'), 50);
        socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
      }),
    );
    expect(await portAccepts({ host: '127.0.0.1', port }, credential)).toBeUndefined();
  });
});
