import { createServer } from 'node:http';
import { SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { runCommand } from '../../../lambda/fleet/run-command.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import type { NodeTarget } from '../../../lambda/rotation/model.ts';
import { listening } from '../../listening.ts';

const documents = { inspect: 'i', prepare: 'p', switch: 's', restore: 'r', forget: 'f', reload: 'l' };
const target: NodeTarget = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: 'auto' };
const sent = { target, verb: 'inspect', versionId: 'v'.repeat(32), commandId: 'c-1' } as const;

test.each([
  { Status: 'Pending', StatusDetails: 'Pending', isCancelled: true },
  { Status: 'Delayed', StatusDetails: 'Delayed', isCancelled: true },
  { Status: 'Failed', StatusDetails: 'Undeliverable', isCancelled: false },
  { Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut', isCancelled: false },
])('a command that stays $StatusDetails was not taken up', async ({ isCancelled, ...invocation }) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    asked.push(action);
    const answers: Record<string, object> = {
      GetCommandInvocation: invocation,
      DescribeInstanceInformation: { InstanceInformationList: [{ PingStatus: 'ConnectionLost' }] },
    };
    request.resume().once('end', () => response.end(JSON.stringify(answers[action] ?? {})));
  });
  const endpoint = `http://127.0.0.1:${await listening(server)}`;
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'nobody' };
  let nowMs = 0;
  const clock = {
    now: () => ({ ms: nowMs }),
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const ssm = new SSMClient({ endpoint, region: 'eu-central-1', credentials });
  const { ended } = runCommand({ ssm, clock, documents });

  await expect(ended(sent, Deadline.in(300_000, clock), 'soon')).rejects.toThrow(
    'node i-0123456789abcdef0 of web-01 did not take up inspect within 30 s (Systems Manager says ConnectionLost)',
  );
  expect(asked.includes('CancelCommand')).toBe(isCancelled);
  expect(nowMs).toBeLessThan(60_000);
});
