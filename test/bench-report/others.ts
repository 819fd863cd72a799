/**
 * S3, Secrets Manager, Systems Manager and Zabbix of a large site, over TLS, each after the time that it takes. In a process of its own, so
 * that none of their work is counted as the report's.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type Answer, answersOf } from './answers.ts';
import { answersAfterMs, otherwiseAfterMs } from './times.ts';

const [pem = '', ...size] = process.argv.slice(2);
const [hosts = 0, recordsEach = 0, openEvery = 1] = size.map(Number);
const { s3, aws, zabbix } = answersOf({ hosts, recordsEach, openEvery });
const certificate = readFileSync(pem, 'utf8');
const calls = new Map<string, number>();
const putBytes = new Map<string, number>();

async function answer(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return aws(target, Object(JSON.parse(body)));
  if (url.pathname.endsWith('/api_jsonrpc.php')) {
    const { method, params } = Object(JSON.parse(body));
    return zabbix(String(method), Object(params));
  }
  if (request.method === 'PUT') putBytes.set(url.pathname.split('/').at(-1) ?? '', Buffer.byteLength(body));
  return s3(request.method ?? 'GET', url);
}

const server = createServer({ key: certificate, cert: certificate }, (request, response) => {
  void answer(request).then(({ call, status = 200, text }) => {
    calls.set(call, (calls.get(call) ?? 0) + 1);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    }, answersAfterMs[call] ?? otherwiseAfterMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ address: server.address() }));
process.on('message', () => process.send?.({ calls: [...calls], putBytes: [...putBytes] }));
process.on('disconnect', () => process.exit());
