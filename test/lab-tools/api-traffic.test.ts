import { createServer } from 'node:http';
import { get as getPage } from 'node:https';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type JsonRpc, jsonRpc } from '../../lambda/zabbix/json-rpc.ts';
import { type ApiObserver, ApiTraffic } from '../lab/zabbix/api-traffic.ts';
import { startTlsFront } from '../lab/zabbix/tls-front.ts';
import { listening } from '../listening.ts';
import { selfSigned } from '../self-signed.ts';

const certificate = selfSigned();
let traffic: ApiTraffic;
/** bodies that have reached the frontend */
let reached: string[];
let call: JsonRpc;
let origin: string;

beforeEach(async () => {
  traffic = new ApiTraffic();
  reached = [];
  const ip = '127.0.0.1';
  const frontend = createServer((request, response) => {
    if (request.method === 'GET') {
      response.end('a page');
      return;
    }
    request.setEncoding('utf8').once('data', (body: string) => {
      reached.push(body);
      response.setHeader('x-from', 'the frontend').end('{"jsonrpc":"2.0","result":"7.0.22","id":1}');
    });
  });
  const port = await listening(frontend);
  const front = await startTlsFront({ ip, port }, { keyPem: certificate, certificatePem: certificate }, traffic);
  onTestFinished(front.close);
  origin = `https://${ip}:${front.port}`;
  call = jsonRpc({ url: new URL(`${origin}/api_jsonrpc.php`), caPem: certificate });
});

const update = { method: 'host.update', params: { tls_psk: 'f00d'.repeat(16) } };

describe('what the function asks of Zabbix is seen on its way', () => {
  test('a call passes unchanged and leaves its method and its times, never its parameters', async () => {
    expect(await call(update)).toMatchObject({ result: '7.0.22' });
    expect(JSON.parse(reached[0] ?? '')).toMatchObject(update);
    expect(traffic.calls).toEqual([
      {
        method: 'host.update',
        ordinal: 1,
        askedMs: expect.any(Number),
        answeredMs: expect.any(Number),
        status: 200,
      },
    ]);
    expect(JSON.stringify(traffic)).not.toContain('f00d');
  });

  test('a page is no call', async () => {
    const response = await get('/index.php');
    expect(response).toBe('a page');
    expect(traffic.calls).toEqual([]);
  });

  test('an observer can wait before the frontend hears of a call, and before its answer goes back', async () => {
    const seen: string[] = [];
    traffic.observer = {
      async asked({ method, ordinal }): Promise<'pass'> {
        await turn();
        seen.push(`asked ${method} ${ordinal}, the frontend has ${reached.length}`);
        return 'pass';
      },
      async answered({ method }): Promise<'pass'> {
        await turn();
        seen.push(`answered ${method}, the frontend has ${reached.length}`);
        return 'pass';
      },
    };
    await call(update);
    expect(seen).toEqual(['asked host.update 1, the frontend has 0', 'answered host.update, the frontend has 1']);
  });

  test.each<{ what: string; observer: ApiObserver; says: RegExp; done: number; status: number | undefined }>([
    {
      what: 'lost on its way',
      observer: { asked: () => 'drop' },
      says: /cannot be reached/,
      done: 0,
      status: undefined,
    },
    {
      what: 'done, its answer lost',
      observer: { answered: () => 'drop' },
      says: /cannot be reached/,
      done: 1,
      status: undefined,
    },
    {
      what: 'answered with 502 instead',
      observer: { asked: () => ({ status: 502 }) },
      says: /HTTP 502/,
      done: 0,
      status: 502,
    },
    {
      what: 'done and answered with 502',
      observer: { answered: () => ({ status: 502 }) },
      says: /HTTP 502/,
      done: 1,
      status: 502,
    },
  ])('a call can be $what', async ({ observer, says, done, status }) => {
    traffic.observer = observer;
    await expect(call(update)).rejects.toThrow(says);
    expect(reached).toHaveLength(done);
    expect(traffic.calls.map((made) => made.status)).toEqual([status]);
    traffic.observer = undefined;
    expect(await call(update)).toMatchObject({ result: '7.0.22' });
  });
});

function get(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    getPage(`${origin}${path}`, { ca: certificate }, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    }).once('error', reject);
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
