import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { must } from './command.ts';
import { eventually } from './eventually.ts';
import type { SmallHost } from './hosts/small-host.ts';
import { encryption } from './zabbix/monitored-host.ts';
import { listens } from './zabbix/server.ts';
import { startZabbix, type ZabbixLab } from './zabbix/zabbix-lab.ts';

describe.each(['6.0', '7.0'] as const)('Zabbix %s', (version) => {
  let lab: ZabbixLab;
  let agentd: SmallHost;
  let agent2: SmallHost;

  beforeAll(async () => {
    lab = await startZabbix({ version });
    [agentd, agent2] = await Promise.all([
      lab.host({ name: 'db-1', agent: 'zabbix_agentd' }),
      lab.host({ name: 'web-1', agent: 'zabbix_agent2' }),
    ]);
  });
  afterAll(() => lab.stop());

  test('answers over HTTPS to whoever trusts its CA, and to nobody else', async () => {
    const hello = { method: 'apiinfo.version', params: {} };
    expect(await overHttps(lab, hello, { ca: lab.caPem })).toMatchObject({ result: expect.stringMatching(version) });
    await expect(overHttps(lab, hello, {})).rejects.toThrow(/certificate/);
  });

  test('gets values from both agents, in both directions, and none of it can be read on the wire', async () => {
    const capture = await lab.capture();
    const sinceMs = Date.now();
    await Promise.all([agentd.awaitValues(sinceMs), agent2.awaitValues(sinceMs)]);
    const traffic = await capture.stop();
    expect(traffic.empty).toBe(false);
    expect(traffic.readable(['agent.ping', 'system.localtime', 'active checks'])).toEqual([]);
    expect((await agentd.history('active', { fromMs: sinceMs - 5000 })).lost).toBe(0);
  });

  test('lets the service change a key, and do nothing else', async () => {
    const credential = { identity: 'db-1.next', psk: randomBytes(64).toString('hex') };
    const host = { hostid: agentd.monitored.hostId, ...encryption(credential) };
    expect(await agentd.zabbixHolds(credential)).toBe(false);
    expect(await asService(lab, 'host.update', host)).toHaveProperty('result');
    expect(await agentd.zabbixHolds(credential)).toBe(true);
    expect(await asService(lab, 'host.delete', [host.hostid])).toHaveProperty('error');
    expect(await asService(lab, 'user.get', {})).toHaveProperty('error');
    await asService(lab, 'host.update', { ...host, ...encryption(agentd.credential) });
  });

  test('tells by the probe script that its key and the agent’s agree, before 7.0; from then on the service may not ask', async () => {
    const { username, password } = lab.access;
    const session = await overHttps(lab, { method: 'user.login', params: { username, password } }, { ca: lab.caPem });
    const auth = z.object({ result: z.string() }).parse(session).result;
    const params = { scriptid: lab.probe.scriptId, hostid: agent2.monitored.hostId };
    const answer = await overHttps(lab, { method: 'script.execute', params, auth }, { ca: lab.caPem });
    expect(JSON.stringify(answer)).toMatch(
      version === '6.0' ? /Unknown metric|Unsupported item key/ : /No permissions to call ..script\.execute../,
    );
  });
});

test('a lab is gone without a trace when its process is killed', async () => {
  const holder = spawn(process.execPath, [fileURLToPath(new URL('hold-a-lab.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    holder.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    holder.once('exit', () => reject(new Error('the lab ended by itself')));
  });
  const held = z.object({ ip: z.string(), ipc: z.string(), endpoint: z.string() }).parse(JSON.parse(line));
  expect(processesIn(held.ipc).length).toBeGreaterThan(40);
  expect(await listens(held.ip, 10051)).toBe(true);
  expect(functionsOf(held.endpoint)).not.toEqual([]);
  expect(foldersOf(holder.pid ?? 0)).not.toEqual([]);

  holder.kill('SIGKILL');

  await eventually('its processes are gone', () => processesIn(held.ipc).length === 0, { withinS: 5 });
  await eventually('its sockets are gone', () => listeners(held.ip).length === 0, { withinS: 5 });
  await eventually('its functions are gone', () => functionsOf(held.endpoint).length === 0, { withinS: 5 });
  await eventually('its folders are gone', () => foldersOf(holder.pid ?? 0).length === 0, { withinS: 5 });
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('zabbix-psk-lab');
});

test('a lab ends also where the first process of all reaps nobody, with a command killed and another running', async () => {
  const inContainer = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;
  const ending = fileURLToPath(new URL('end-a-lab.ts', import.meta.url));
  // What it was seen to do instead is to wait, or to compute, for ever.
  await must(['timeout', '--signal=KILL', '60', ...inContainer, process.execPath, ending]);
});

/** Execution environments of the rotation function: processes that know this stand-in's address. */
function functionsOf(endpoint: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`AWS_ENDPOINT_URL=${endpoint}`);
    } catch {
      return false;
    }
  });
}

/** Temporary folders are named after the process that made them. */
function foldersOf(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('zabbix-psk-') && name.includes(`-${pid}-`));
}

function processesIn(ipcNamespace: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/ipc`) === ipcNamespace;
    } catch {
      return false; // it has ended since we listed it
    }
  });
}

/** Listening sockets in the lab's /24, from /proc/net/tcp, where addresses are little-endian and state 0A is LISTEN. */
function listeners(serverIp: string): string[] {
  const [, a = 0, b = 0] = serverIp.split('.').map(Number);
  const hex = (octet: number) => octet.toString(16).padStart(2, '0').toUpperCase();
  const inLab = new RegExp(`: [0-9A-F]{2}${hex(b)}${hex(a)}7F:[0-9A-F]{4} [0-9A-F:]+ 0A `);
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((socket) => inLab.test(socket));
}

function asService(lab: ZabbixLab, method: string, params: unknown): Promise<unknown> {
  return overHttps(lab, { method, params, auth: lab.access.token }, { ca: lab.caPem });
}

function overHttps(lab: ZabbixLab, call: object, trust: { ca?: string }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { ...trust, method: 'POST', headers: { 'Content-Type': 'application/json-rpc' } };
    const asking = request(lab.url, options, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.once('end', () => resolve(JSON.parse(text)));
    });
    asking.once('error', reject);
    asking.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...call }));
  });
}
