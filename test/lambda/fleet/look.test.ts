import { expect, test } from 'vitest';
import { look } from '../../../lambda/fleet/look.ts';
import type { RunCommand } from '../../../lambda/fleet/run-command.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import type { Target } from '../../../lambda/rotation/model.ts';

const target: Target = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: '/etc/zabbix/b.conf' };
const ids = {
  secretId: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/web-01-AbCdEf',
  versionId: 'v'.repeat(32),
};
const clock = { now: () => ({ ms: 0 }), sleep: async () => undefined };

/** What docs/host-scripts.md says of a reply to inspect. */
const reply = {
  ...{
    zabbixPsk: 1,
    verb: 'inspect',
    versionId: ids.versionId,
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

/** A node whose script prints this. */
function printing(output: string) {
  const sent: unknown[] = [];
  const commands: Pick<RunCommand, 'send' | 'ended'> = {
    send: async (to, verb, values) => {
      sent.push([verb, values]);
      return { target: to, verb, versionId: values.versionId, commandId: 'c-1' };
    },
    ended: async () => ({ StandardOutputContent: output, $metadata: {} }),
  };
  return { sent, looking: look(commands, target, ids, Deadline.in(60_000, clock)) };
}

test('a node is asked with inspect alone, about the agent that the target names', async () => {
  const { sent, looking } = printing(`some line\n${JSON.stringify(reply)}\n`);
  expect(await looking).toEqual({
    ...{ agent: 'zabbix_agent2', agentVersion: '7.0.22', identity: 'web-01.k7q2x9', fingerprint: 'abcdef012345' },
    ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix', keyBytes: 32, running: true },
  });
  expect(sent).toEqual([['inspect', { ...ids, config: '/etc/zabbix/b.conf' }]]);
});

test('what the script refuses is told in its own words, with the node', async () => {
  const { looking } = printing(JSON.stringify({ ...reply, outcome: 'refused', says: 'The key file does not exist.' }));
  await expect(looking).rejects.toMatchObject({
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
  await expect(printing(output).looking).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
});

test('a node’s root cannot put a key or a line of his own into a sentence', async () => {
  const { looking } = printing(JSON.stringify({ ...reply, keyFile: '/etc\u001b[2J\n/x', agent: '\u202Eevil' }));
  expect(await looking).toMatchObject({ keyFile: '/etc\uFFFD[2J\uFFFD/x', agent: '\uFFFDevil' });
});
