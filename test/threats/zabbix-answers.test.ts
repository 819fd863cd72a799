import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZabbixRefused, ZabbixUnreachable } from '../../lambda/errors.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { type Call, jsonRpc } from '../../lambda/zabbix/json-rpc.ts';
import { zabbixMonitor } from '../../lambda/zabbix/monitor.ts';
import { type Access, openSession } from '../../lambda/zabbix/session.ts';
import { FakeClock } from '../fakes/clock.ts';
import { listening } from '../listening.ts';
import { anyJson, expectOurs, expectReadable, key, poisons, thrownBy } from './poison.ts';

async function serving(listener: RequestListener): Promise<URL> {
  return new URL(`http://127.0.0.1:${await listening(createServer(listener))}/api_jsonrpc.php`);
}

/** What a call ends with when Zabbix, or whoever answers in its place, answers so. */
async function endOf(listener: RequestListener, timeoutMs = 5_000): Promise<unknown> {
  const rpc = jsonRpc({ url: await serving(listener), caPem: undefined });
  return thrownBy(() => rpc({ method: 'host.update', params: { tls_psk: key }, bearer: key, timeoutMs }));
}

/** Every few milliseconds a byte, for as long as somebody listens. */
function dripping(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(timer));
}

describe('what is not an answer of the API is unreachable, in a readable sentence:', () => {
  test.each<[string, RequestListener]>([
    ['a page', (_, response) => response.end(`<html>${'<p>down for maintenance</p>'.repeat(1000)}`)],
    ['nothing', (_, response) => response.end()],
    [
      'half an answer',
      (_, response) =>
        void response.writeHead(200, { 'content-length': 100 }).write('{"resu', () => response.destroy()),
    ],
    ['JSON that is no reply', (_, response) => response.end('[1, 2]')],
    ['a number', (_, response) => response.end('1e999')],
    ['a reply without a result', (_, response) => response.end('{"jsonrpc":"2.0","id":1}')],
    ['brackets without end', (_, response) => response.end('['.repeat(2_000_000))],
    ['something packed', (_, response) => response.end(gzipSync('{"result":[]}'))],
    [
      'headers without end',
      (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(200_000) }).end('{"result":[]}'),
    ],
    ['bytes that are no text', (_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00, 0x7b]))],
    ['a status of its own', (_, response) => response.writeHead(599).end('{"result":[]}')],
  ])('%s', async (_, listener) => {
    const error = await endOf(listener);
    expect(error).toBeInstanceOf(ZabbixUnreachable);
    expectOurs(error);
  });
});

test('an answer without end is cut off; the function keeps its memory', async () => {
  const megabyte = Buffer.alloc(1_000_000, ' ');
  let taken = 0;
  const pour = (response: ServerResponse): void => {
    if (response.destroyed) return;
    taken += megabyte.length;
    response.write(megabyte, () => pour(response));
  };
  const error = await endOf((_, response) => pour(response));
  expect(error).toBeInstanceOf(ZabbixUnreachable);
  expect(error).toHaveProperty('message', expect.stringMatching(/answers with more than 8 MB/));
  expect(taken).toBeLessThan(40_000_000);
});

describe('an answer that comes too slowly is silence, however often a byte comes:', () => {
  test.each<[string, RequestListener]>([
    ['the body', (_, response) => dripping(response)],
    [
      'the headers',
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nx-long: ');
        setInterval(() => socket.write('x'), 5).unref();
      },
    ],
    ['news that something will come', (_, response) => void setInterval(() => response.writeProcessing(), 5).unref()],
  ])(
    '%s',
    async (_, listener) => {
      const error = await endOf(listener, 150);
      expect(error).toBeInstanceOf(ZabbixUnreachable);
      expect(error).toHaveProperty('message', expect.stringContaining('gave no answer within 0.15 s'));
    },
    5_000,
  );
});

test('a redirection is not followed: token and key stay where they were meant for', async () => {
  const asked: unknown[] = [];
  const elsewhere = await serving((request, response) => {
    asked.push(request.headers);
    response.end('{"result":[]}');
  });
  for (const status of [301, 302, 307, 308]) {
    const error = await endOf((_, response) => response.writeHead(status, { location: elsewhere.href }).end());
    expect(error).toHaveProperty('message', expect.stringContaining(`HTTP ${status}`));
  }
  expect(asked).toEqual([]);
});

describe('an error of Zabbix', () => {
  const refusedWith = (data: unknown) =>
    endOf((_, response) =>
      response.end(JSON.stringify({ error: { code: -32500, message: 'Application error.', data } })),
    );

  test.each(
    [
      key,
      key.toUpperCase(),
      key.slice(0, 32),
      'ab'.repeat(256),
      `${'x'.repeat(680)}${key}`,
      ...poisons.map((poison) => `${poison} ${key}`),
    ].map((said) => [said.slice(0, 40), said]),
  )('that repeats a key is told without it: %j', async (_, said) => {
    const error = await refusedWith(`Value "${said}" is wrong.`);
    expect(error).toBeInstanceOf(ZabbixRefused);
    expectOurs(error);
  });

  test('of another form is told all the same', async () => {
    for (const data of [null, 5, [key], { key }]) expectOurs(await refusedWith(data));
  });
});

describe('whatever a call is answered with, nothing but our own errors comes out, and no key:', () => {
  const ours = [
    'hostid',
    'host',
    'status',
    'tls_connect',
    'tls_accept',
    'maintenance_status',
    'maintenance_type',
    'monitored_by',
    'interfaces',
    'itemid',
    'lastclock',
    'scriptid',
  ];
  const target = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: 'auto' } as const;
  const credential = { identity: 'web-01', key: PskKey.parse(key) };
  const interfaces = [{ interfaceid: '1', type: '1', available: '2', error: '', errors_from: '0' }];
  const host = {
    hostid: '1',
    host: 'web-01',
    status: '0',
    tls_connect: '2',
    tls_accept: '2',
    maintenance_status: '0',
    maintenance_type: '0',
    monitored_by: '0',
    interfaces,
  };
  const item = {
    itemid: '1',
    key_: 'agent.ping',
    type: '0',
    delay: '30',
    state: '0',
    history: '1d',
    lastclock: '1',
    preprocessing: [],
  };

  function monitorOf(answers: (call: Call) => unknown, access: Access = { token: 't' }) {
    const archive = { append: async () => undefined };
    const rpc = async (call: Call) => ({ dateS: 1, result: answers(call) });
    const open = () => openSession({ rpc, access: async () => access, newerVersions: 'refuse', archive });
    return zabbixMonitor({ open, clock: new FakeClock(), server: undefined, probeScript: 'probe' });
  }

  async function useAll(answers: (call: Call) => unknown): Promise<void> {
    const found = await thrownBy(async () => {
      const { host: described } = await monitorOf(answers).find(target, [credential]);
      if (described.reachable?.yes === false) expectReadable(described.reachable.error);
    });
    if (found !== undefined) expectOurs(found);
    const healthy = await monitorOf((call) => sound(call)).find(target, [credential]);
    const monitor = monitorOf((call) => (call.method === 'apiinfo.version' ? '7.0.22' : answers(call)));
    const mayExecuteScripts = monitorOf(
      (call) => ({ 'apiinfo.version': '6.0.14', 'user.login': 's' })[call.method] ?? answers(call),
      { username: 'u', password: 'p' },
    );
    const witness = { kind: 'value', itemId: '1', key: 'agent.ping', clockOf: 'server', everyS: 30, lastS: 0 } as const;
    for (const act of [
      () => monitor.refresh(healthy.host),
      () => monitor.usersOf(['web-01']),
      () => monitor.give([healthy.host], credential),
      () => mayExecuteScripts.gates(healthy.host),
      () => mayExecuteScripts.serverUses(healthy.host, credential, 'script-execute'),
      () => monitor.checkNow(witness),
      () => monitor.lastValueS(witness),
    ]) {
      const error = await thrownBy(act);
      if (error !== undefined) expectOurs(error);
    }
  }

  const sound = ({ method }: Call): unknown =>
    ({ 'apiinfo.version': '7.0.22', 'host.get': [host], 'item.get': [item], 'script.get': [{ scriptid: '1' }] })[
      method
    ] ?? [];

  test('what Zabbix says of an interface stands in our sentences without control, without end and without a key', async () => {
    for (const poison of poisons) {
      const failing = [{ ...host, interfaces: [{ ...interfaces[0], error: `${poison} ${key}` }] }];
      const { host: found } = await monitorOf((call) => (call.method === 'host.get' ? failing : sound(call))).find(
        target,
        [credential],
      );
      expectReadable(found.reachable?.yes === false ? found.reachable.error : key);
    }
  });

  test.each(['1e999', '0x10', 'soon', '', '-1', '9'.repeat(400)])('"%s" is no time of a value', async (lastclock) => {
    const witness = { kind: 'value', itemId: '1', key: 'agent.ping', clockOf: 'server', everyS: 30, lastS: 0 } as const;
    const monitor = monitorOf((call) => (call.method === 'item.get' ? [{ lastclock }] : sound(call)));
    expectOurs(await thrownBy(() => monitor.lastValueS(witness)));
  });

  test('thousands of objects that are none become a sentence that can be read', async () => {
    const monitor = monitorOf((call) =>
      call.method === 'host.get' ? Array.from({ length: 10_000 }, () => 5) : sound(call),
    );
    expectOurs(await thrownBy(() => monitor.usersOf(['web-01'])));
  });

  test('every call with any JSON', async () => {
    await fc.assert(fc.asyncProperty(anyJson(ours), (answer) => useAll(() => answer)));
  });

  test('a sound host and item with one field of any form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(host), ...Object.keys(item)), anyJson(ours), (field, value) =>
        useAll((call) => {
          const answer = sound(call);
          return Array.isArray(answer) ? answer.map((one) => ({ ...one, [field]: value })) : answer;
        }),
      ),
    );
  });

  test('a version or session that is no word', async () => {
    await fc.assert(
      fc.asyncProperty(anyJson(['toString', 'valueOf']), async (answer) => {
        const archive = { append: async () => undefined };
        const access = async () => ({ username: 'u', password: 'p' });
        for (const lying of ['apiinfo.version', 'user.login']) {
          const rpc = async ({ method }: Call) => ({ dateS: 0, result: method === lying ? answer : '6.0.14' });
          const error = await thrownBy(() => openSession({ rpc, access, newerVersions: 'refuse', archive }));
          if (error !== undefined) expectOurs(error);
        }
      }),
    );
  });
});
