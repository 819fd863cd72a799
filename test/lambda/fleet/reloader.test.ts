import { expect, test } from 'vitest';
import { NodeUnreachable, Refusal } from '../../../lambda/errors.ts';
import { type ReloadNodes, reloaderByRunCommand } from '../../../lambda/fleet/reloader.ts';
import type { RunCommand } from '../../../lambda/fleet/run-command.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import type { Cache } from '../../../lambda/rotation/ports.ts';

const ids = {
  secretId: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/web-01-AbCdEf',
  versionId: 'v'.repeat(32),
};
const clock = { now: () => ({ ms: 0 }), sleep: async () => undefined };
const [one, two, edge] = ['mi-00000000000000001', 'mi-00000000000000002', 'mi-0000000000000000e'] as const;
const nodes: ReloadNodes = { servers: [one], proxies: new Map([['site 2', edge]]) };
const server: Cache = { of: 'server', handedTo: 'none' };

/** What docs/host-scripts.md says of a reply to reload. */
const reply = {
  ...{ zabbixPsk: 1, verb: 'reload', versionId: ids.versionId, clockMs: 1 },
  ...{ outcome: 'reloaded', says: 'zabbix_server 6.0.14 has reloaded its configuration cache.' },
};
const refused = { ...reply, outcome: 'refused', says: 'Runtime commands can be executed only in active mode.' };

/** Nodes whose scripts print this; nothing: they are away. */
function printing(outputs: Readonly<Record<string, unknown>>, known: ReloadNodes = nodes) {
  const sent: unknown[] = [];
  const commands: Pick<RunCommand, 'send' | 'ended'> = {
    async send(to, verb, values) {
      sent.push([verb, to.node, values]);
      return { target: to, verb, versionId: values.versionId, commandId: 'c-1' };
    },
    async ended({ target }) {
      if (outputs[target.node] === undefined) throw new NodeUnreachable(target.name, `${target.node} is away`);
      return { StandardOutputContent: `a line\n${JSON.stringify(outputs[target.node])}\n`, $metadata: {} };
    },
  };
  const reloader = reloaderByRunCommand(commands, known);
  return { sent, reloader, reload: (cache: Cache) => reloader.reload(cache, ids, Deadline.in(60_000, clock)) };
}

test('without nodes there is nothing to reload', () => {
  const { reloader } = printing({}, { servers: [], proxies: new Map() });
  expect([reloader.hasAny, reloader.reaches(server)]).toEqual([false, false]);
});

test('a cache is reached where its own node is named; names are case-sensitive', () => {
  const { reloader } = printing({});
  const reached = ['site 2', 'Site 2'].map((name) => reloader.reaches({ of: 'proxy', name }));
  expect([reloader.hasAny, reloader.reaches(server), ...reached]).toEqual([true, true, true, false]);
});

test('a proxy is told on its own node, and nothing of its name travels', async () => {
  const { sent, reload } = printing({ [edge]: { ...reply, outcome: 'asked' } });
  expect(await reload({ of: 'proxy', name: 'site 2' })).toBe('asked');
  expect(sent).toEqual([['reload', edge, { ...ids, daemon: 'zabbix_proxy', proxies: 'none' }]]);
  await expect(reload({ of: 'proxy', name: 'edge' })).rejects.toThrow('no node is known for proxy "edge"');
});

test.each<[Extract<Cache, { of: 'server' }>['handedTo'], string]>([
  ['none', 'none'],
  ['all', 'all'],
  [[], 'none'],
  [['edge', 'site-2'], 'named:edge,site-2'],
  [['edge', 'site 2'], 'all'],
  [Array.from({ length: 4 }, () => 'x'.repeat(128)), 'all'],
])('a server that is to hand its proxies the key (%j) is told %s', async (handedTo, proxies) => {
  const { sent, reload } = printing({ [one]: reply });
  expect(await reload({ of: 'server', handedTo })).toBe('reloaded');
  expect(sent).toEqual([['reload', one, { ...ids, daemon: 'zabbix_server', proxies }]]);
});

test('of a cluster it is enough that one node takes it', async () => {
  const cluster = { servers: [one, two], proxies: new Map() };
  expect(await printing({ [one]: refused, [two]: reply }, cluster).reload(server)).toBe('reloaded');
  expect(await printing({ [one]: { ...reply, outcome: 'asked' } }, cluster).reload(server)).toBe('asked');
  await expect(printing({ [one]: refused }, cluster).reload(server)).rejects.toThrow(
    `the Zabbix server (${one}): Runtime commands can be executed only in active mode; ${two} is away`,
  );
});

test('what the script refuses is told in its own words, with the node', async () => {
  const reload = printing({ [one]: refused }).reload(server);
  await expect(reload).rejects.toBeInstanceOf(Refusal);
  await expect(reload).rejects.toThrow(
    `the Zabbix server (${one}): Runtime commands can be executed only in active mode`,
  );
});

test.each([
  ['nothing', ''],
  ['the account of another verb', { ...reply, verb: 'inspect' }],
  ['the account of another version', { ...reply, versionId: 'x' }],
  ['an outcome that is none', { ...reply, outcome: 'switched' }],
])('%s is no account', async (_, output) => {
  await expect(printing({ [one]: output }).reload(server)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
});
