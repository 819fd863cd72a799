import { expect, test } from 'vitest';
import { parameters } from '../../../lambda/contract.ts';
import { NodeUnreachable, Refusal } from '../../../lambda/errors.ts';
import { looking } from '../../../lambda/fleet/look.ts';
import type { RunCommand } from '../../../lambda/fleet/run-command.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import type { NodeTarget } from '../../../lambda/rotation/model.ts';

const target: NodeTarget = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: '/etc/zabbix/b.conf' };
const clock = { now: () => ({ ms: 0 }), sleep: async () => undefined };
const minute = Deadline.in(60_000, clock);

/** A node is not told whose secrets the others of the same command have. */
const ofNoSecret = {
  secretId: expect.stringMatching(/^arn:of-no-secret:/),
  versionId: expect.stringMatching(parameters.versionId.allowedPattern),
};

/** What docs/host-scripts.md says of a reply to inspect. */
const reply = {
  ...{
    zabbixPsk: 1,
    verb: 'inspect',
    versionId: 'that of the command',
    clockMs: 1,
    outcome: 'inspected',
    says: 'zabbix_agent2 runs.',
  },
  ...{
    agent: 'zabbix_agent2',
    version: '7.0.22',
    identity: 'web-01.k7q2x9',
    fingerprint: 'abcdef012345',
    running: true,
  },
  ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix', keyBytes: 32, hostname: 'web-01' },
};

/** Nodes whose scripts print this; some cannot be sent to. */
function nodes(output: string, refused: Readonly<Record<string, Error>> = {}) {
  const sent: { readonly nodes: readonly string[]; readonly verb: string; readonly values: object }[] = [];
  const commands: Pick<RunCommand, 'sendToAll' | 'ended'> = {
    sendToAll: async (targets, verb, values) => {
      sent.push({ nodes: targets.map(({ node }) => node), verb, values });
      const { versionId } = values;
      return targets.map((to) => refused[to.node] ?? { target: to, verb, versionId, commandId: `c-${sent.length}` });
    },
    ended: async ({ versionId }) => ({
      StandardOutputContent: output.replace('that of the command', versionId),
      $metadata: {},
    }),
  };
  const { look } = looking(commands, clock);
  return { sent, look: (to = target) => look(to, minute) };
}

const printing = (output: string) => nodes(output).look();
const some = (count: number, also: Partial<NodeTarget> = {}) =>
  Array.from(
    { length: count },
    (_, index): NodeTarget => ({ ...target, node: `mi-${index}`, name: `srv-${index}`, ...also }),
  );

test('a node is asked with inspect alone, about the agent that the target names', async () => {
  const { sent, look } = nodes(`some line\n${JSON.stringify(reply)}\n`);
  expect(await look()).toEqual({
    ...{ agent: 'zabbix_agent2', agentVersion: '7.0.22', identity: 'web-01.k7q2x9', fingerprint: 'abcdef012345' },
    ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix', keyBytes: 32, running: true },
  });
  expect(sent).toEqual([
    { nodes: [target.node], verb: 'inspect', values: { ...ofNoSecret, config: '/etc/zabbix/b.conf' } },
  ]);
});

test('whoever asks meanwhile is asked about with the same command, fifty nodes at the most', async () => {
  const { sent, look } = nodes(JSON.stringify(reply));
  await Promise.all(some(120).map((one) => look(one)));
  expect(sent.map((command) => command.nodes.length)).toEqual([50, 50, 20]);
  expect(new Set(sent.flatMap((command) => command.nodes)).size).toBe(120);
});

test('nodes whose agents have other configuration files get a command of their own', async () => {
  const { sent, look } = nodes(JSON.stringify(reply));
  await Promise.all([...some(2), ...some(1, { config: 'auto', node: 'mi-9' })].map((one) => look(one)));
  expect(sent.map(({ values, nodes }) => ({ ...values, nodes }))).toEqual([
    { ...ofNoSecret, config: target.config, nodes: ['mi-0', 'mi-1'] },
    { ...ofNoSecret, config: 'auto', nodes: ['mi-9'] },
  ]);
});

test('two targets on one node are one look, and each is told by its own name', async () => {
  const { sent, look } = nodes(JSON.stringify({ ...reply, outcome: 'refused', says: 'No.' }));
  const looks = ['one', 'other'].map((name) => look({ ...target, name }));
  const told = (await Promise.allSettled(looks)).map((one) => (one.status === 'rejected' ? String(one.reason) : ''));
  expect(sent.map((command) => command.nodes)).toEqual([[target.node]]);
  expect(told).toEqual([expect.stringContaining('one (i-0'), expect.stringContaining('other (i-0')]);
});

test('a node that cannot be sent to is told, and the others are looked at', async () => {
  const refused = { 'mi-1': new Refusal('NODE_NOT_MANAGED', 'node mi-1 of srv-1 is not a managed node') };
  const { look } = nodes(JSON.stringify(reply), refused);
  const ends = await Promise.allSettled(some(3).map((one) => look(one)));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(ends[1]).toMatchObject({ reason: { code: 'NODE_NOT_MANAGED' } });
});

test('who asks later gets a later command', async () => {
  const { sent, look } = nodes(JSON.stringify(reply));
  await look();
  await look();
  expect(sent).toHaveLength(2);
});

test('what the script refuses is told in its own words, with the node', async () => {
  const says = printing(JSON.stringify({ ...reply, outcome: 'refused', says: 'The key file does not exist.' }));
  await expect(says).rejects.toMatchObject({
    code: 'NODE_REFUSED',
    message: 'web-01 (i-0123456789abcdef0): The key file does not exist',
  });
});

test.each([
  ['nothing', ''],
  ['no JSON', 'bash: zabbix_agentd: not found'],
  ['the account of another command', JSON.stringify({ ...reply, versionId: 'x'.repeat(32) })],
  ['a mode that is none', JSON.stringify({ ...reply, keyMode: 'rwx' })],
  ['no fingerprint', JSON.stringify({ ...reply, fingerprint: undefined })],
])('%s is no account', async (_, output) => {
  await expect(printing(output)).rejects.toThrow(NodeUnreachable);
});

test('a node’s root cannot put a key or a line of his own into a sentence', async () => {
  const looked = await printing(JSON.stringify({ ...reply, keyFile: '/etc\u001b[2J\n/x', agent: '\u202Eevil' }));
  expect(looked).toMatchObject({ keyFile: '/etc\uFFFD[2J\uFFFD/x', agent: '\uFFFDevil' });
});

test('what a command carries is what its document takes', async () => {
  const { sent, look } = nodes(JSON.stringify(reply));
  await look();
  for (const [name, value] of Object.entries(sent[0]?.values ?? {}))
    expect(value).toMatch(new RegExp(Object(parameters)[name].allowedPattern));
});
