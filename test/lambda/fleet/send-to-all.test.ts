import { createServer } from 'node:http';
import { SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { array, object, string } from 'zod/mini';
import { runCommand } from '../../../lambda/fleet/run-command.ts';
import type { NodeTarget } from '../../../lambda/rotation/model.ts';
import { listening } from '../../listening.ts';

const clock = { now: () => ({ ms: 0 }), sleep: async () => undefined };
const documents = { inspect: 'i', prepare: 'p', switch: 's', restore: 'r', forget: 'f', reload: 'l' };
const values = { versionId: 'v'.repeat(32) };
const requestShape = object({ InstanceIds: array(string()) });

/** Systems Manager, which takes or refuses a command as a whole and does not say which node it is about. */
async function systemsManager(refusing: Readonly<Record<string, string>>) {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const { InstanceIds } = requestShape.parse(JSON.parse(body));
      asked.push(InstanceIds.length);
      const refusal = InstanceIds.map((node) => refusing[node]).find((one) => one !== undefined);
      response.statusCode = refusal === undefined ? 200 : 400;
      const command = { Command: { CommandId: `c-${asked.length}` } };
      response.end(JSON.stringify(refusal === undefined ? command : { __type: refusal, message: 'no' }));
    })();
  });
  const endpoint = `http://127.0.0.1:${await listening(server)}`;
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'nobody' };
  const ssm = new SSMClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 });
  return { asked, ...runCommand({ ssm, clock, documents }) };
}

const targets = Array.from(
  { length: 50 },
  (_, index): NodeTarget => ({ kind: 'host', name: `srv-${index}`, node: `mi-${index}`, config: 'auto' }),
);
const codeOf = (one: unknown) => (one instanceof Error && 'code' in one ? one.code : 'sent');

test('fifty nodes are one command', async () => {
  const { asked, sendToAll } = await systemsManager({});
  const sent = await sendToAll(targets, 'inspect', values);
  expect(asked).toEqual([50]);
  expect(sent.map((one) => ('commandId' in one ? [one.commandId, one.target.name] : one))).toEqual(
    targets.map(({ name }) => ['c-1', name]),
  );
});

test.each([
  ['InvalidInstanceId', 'NODE_NOT_MANAGED'],
  ['AccessDeniedException', 'NODE_NOT_ALLOWED'],
])('%s about one of them is told of that one, and the others are sent to', async (refusal, code) => {
  const { asked, sendToAll } = await systemsManager({ 'mi-17': refusal });
  const sent = await sendToAll(targets, 'inspect', values);
  expect(sent.map(codeOf)).toEqual(targets.map(({ node }) => (node === 'mi-17' ? code : 'sent')));
  expect(sent[17]).toMatchObject({ message: expect.stringContaining('mi-17 of srv-17') });
  expect(asked.length).toBeLessThan(15);
});

test('what is no refusal of a node is not asked for again, node by node', async () => {
  const { asked, sendToAll } = await systemsManager({ 'mi-3': 'InternalServerError' });
  const sent = await sendToAll(targets, 'inspect', values);
  expect(new Set(sent.map(codeOf))).toEqual(new Set(['NODE_UNREACHABLE']));
  expect(asked).toEqual([50]);
});
