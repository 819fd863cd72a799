import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelCommandCommand,
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../lab/aws/clock.ts';
import type { Cloud } from '../lab/aws/cloud.ts';
import { defaultHabits } from '../lab/aws/habits.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { aCloud, aNode, withCommands, withSteps } from './a-cloud.ts';

const InstanceId = 'i-0123456789abcdef0';

test('a command runs the document of the template and hands parameters over as variables', async () => {
  const node = aNode(InstanceId);
  const cloud = await aCloud({ nodes: [node] });

  const CommandId = await send(cloud, { name: ['World'] });

  expect(await ended(cloud, CommandId)).toMatchObject({
    Status: 'Success',
    StatusDetails: 'Success',
    ResponseCode: 0,
    StandardOutputContent: 'hello World, well\n',
  });
  expect(node.scripts[0]?.command).toEqual({ commandId: CommandId, step: 'greet', environment: { SSM_name: 'World' } });
  expect(cloud.unsupported).toEqual([]);
});

test('an old agent pastes the values into the script', async () => {
  const node = aNode(InstanceId);
  const cloud = await aCloud({ nodes: [node], oldAgents: [InstanceId] });

  const CommandId = await send(cloud, { name: ['World'] });

  expect(await ended(cloud, CommandId)).toMatchObject({ StandardOutputContent: 'hello World, well\n' });
  expect(node.scripts[0]?.command.environment).toEqual({});
  expect(node.scripts[0]?.script).toContain('export SSM_name="World"');
});

test('an invocation is not visible at first', async () => {
  const clock = new ManualClock();
  const { invocationHiddenMs } = defaultHabits;
  const cloud = await aCloud({ clock, habits: { invocationHiddenMs } });
  const CommandId = await send(cloud, { name: ['World'] });
  const look = () => ssm(cloud).send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
  await clock.advance(invocationHiddenMs - 1);
  await expect(look()).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
  await clock.advance(1);
  await expect(look()).resolves.toMatchObject({ CommandId });
});

test.each([
  { what: 'a value that does not match', Parameters: { name: ['x; reboot'] }, error: 'InvalidParameters' },
  { what: 'a missing value', Parameters: {}, error: 'InvalidParameters' },
  {
    what: 'a parameter that the document does not know',
    Parameters: { name: ['A'], x: ['y'] },
    error: 'InvalidParameters',
  },
  {
    what: 'an unknown node',
    InstanceIds: ['i-0000000000000dead'],
    Parameters: { name: ['A'] },
    error: 'InvalidInstanceId',
  },
  { what: 'another version', DocumentVersion: '7', Parameters: { name: ['A'] }, error: 'InvalidDocumentVersion' },
])('$what is refused', async ({ what: _what, error, ...request }) => {
  const cloud = await aCloud();
  const command = new SendCommandCommand({ DocumentName: document(cloud), InstanceIds: [InstanceId], ...request });
  await expect(ssm(cloud).send(command)).rejects.toMatchObject({ name: error });
});

test('a script that fails tells its exit code, as the agent words it', async () => {
  const cloud = await aCloud({ edit: withCommands('echo out', 'echo err >&2', 'exit 20') });
  const CommandId = await send(cloud, { name: ['A'] });
  expect(await ended(cloud, CommandId)).toMatchObject({
    Status: 'Failed',
    ResponseCode: 20,
    StandardOutputContent: 'out\n',
    StandardErrorContent: 'err\n\nfailed to run commands: exit status 20',
  });
});

test('a script that exceeds its timeout is killed without a trap', async () => {
  const clock = new ManualClock();
  const node = aNode(InstanceId);
  const cloud = await aCloud({
    clock,
    nodes: [node],
    edit: withCommands('trap "echo trapped" TERM EXIT', 'echo started', 'sleep 60'),
  });
  const CommandId = await send(cloud, { name: ['A'] });
  await clock.advance(1000);
  await expect.poll(() => node.scripts[0]?.output.stdout).toBe('started\n');
  await clock.advance(5000);
  expect(await ended(cloud, CommandId)).toMatchObject({
    Status: 'TimedOut',
    StatusDetails: 'ExecutionTimedOut',
    ResponseCode: 137,
    StandardOutputContent: 'started\n',
  });
});

test('a node that stays offline lets the delivery time run out', async () => {
  const clock = new ManualClock();
  const node = aNode(InstanceId);
  node.online = false;
  const cloud = await aCloud({ clock, nodes: [node] });
  const { InstanceInformationList } = await ssm(cloud).send(new DescribeInstanceInformationCommand({}));
  expect(InstanceInformationList).toMatchObject([{ InstanceId, PingStatus: 'ConnectionLost' }]);

  const CommandId = await send(cloud, { name: ['A'] });
  await clock.advance(29_000);
  expect(await state(cloud, CommandId)).toBe('Pending');
  await clock.advance(1000);

  expect(await ended(cloud, CommandId)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' });
  node.online = true;
  await clock.advance(60_000);
  expect(node.scripts).toEqual([]);
});

test('a node that wakes up too late runs the stale command when that fault is planned', async () => {
  const clock = new ManualClock();
  const node = aNode(InstanceId);
  const cloud = await aCloud({ clock, nodes: [node] });
  cloud.faults.deliver({ delayMs: 120_000, evenWhenExpired: true });
  const CommandId = await send(cloud, { name: ['A'] });
  await clock.advance(180_000);
  await expect.poll(() => node.scripts.length).toBe(1);
  expect(await ended(cloud, CommandId)).toMatchObject({ StatusDetails: 'DeliveryTimedOut' });
});

test('a double delivery runs the script twice and reports once', async () => {
  const node = aNode(InstanceId);
  const cloud = await aCloud({ nodes: [node] });
  cloud.faults.deliver({ twice: true });
  const CommandId = await send(cloud, { name: ['A'] });
  await cloud.settled();
  expect(node.scripts).toHaveLength(2);
  const [invocation] = cloud.commands.find(({ id }) => id === CommandId)?.invocations.values() ?? [];
  expect(invocation?.steps).toHaveLength(1);
});

test('cancelling kills what runs, as soon as its node hears of it', async () => {
  const cloud = await aCloud({ edit: withCommands('sleep 60'), habits: { deliveryDelayMs: 300 } });
  const CommandId = await send(cloud, { name: ['A'] });
  await startedOn(cloud, CommandId);
  await ssm(cloud).send(new CancelCommandCommand({ CommandId }));
  expect(await state(cloud, CommandId)).toBe('Cancelling');
  const { Commands } = await ssm(cloud).send(new ListCommandsCommand({ CommandId }));
  expect(Commands?.[0]?.Status).toBe('Cancelling');
  expect(await ended(cloud, CommandId)).toMatchObject({ Status: 'Cancelled', ResponseCode: 137 });
  expect(cloud.breakdowns).toEqual([]);
});

test('what has ended before its node hears that it is cancelled has ended well', async () => {
  const cloud = await aCloud({ edit: withCommands('sleep 0.2; echo done'), habits: { deliveryDelayMs: 500 } });
  const CommandId = await send(cloud, { name: ['A'] });
  await startedOn(cloud, CommandId);
  await ssm(cloud).send(new CancelCommandCommand({ CommandId }));
  expect(await ended(cloud, CommandId)).toMatchObject({ Status: 'Success', StandardOutputContent: 'done\n' });
  await cloud.settled();
});

/** A command whose node is away, of a Run Command that calls that Delayed. */
async function aDelayed() {
  const clock = new ManualClock();
  const node = aNode(InstanceId);
  node.online = false;
  const cloud = await aCloud({ clock, nodes: [node], habits: { absentIsDelayed: true } });
  const CommandId = await send(cloud, { name: ['A'] });
  await clock.advance(1000);
  return { clock, node, cloud, CommandId };
}

test('where it is wanted an invocation is Delayed while its node is away, and runs when it is back', async () => {
  const { clock, node, cloud, CommandId } = await aDelayed();
  expect(await ssm(cloud).send(new GetCommandInvocationCommand({ CommandId, InstanceId }))).toMatchObject({
    Status: 'Delayed',
    StatusDetails: 'Delayed',
    ResponseCode: -1,
  });
  node.online = true;
  await clock.advance(1000);
  expect(await ended(cloud, CommandId)).toMatchObject({ Status: 'Success' });
});

test('what is cancelled while it is Delayed never runs', async () => {
  const { clock, node, cloud, CommandId } = await aDelayed();
  await ssm(cloud).send(new CancelCommandCommand({ CommandId }));
  node.online = true;
  await clock.advance(1000);
  expect(await state(cloud, CommandId)).toBe('Cancelled');
  expect(node.scripts).toEqual([]);
});

test('an invocation that cannot be delivered has failed, and its command has not', async () => {
  const node = aNode(InstanceId);
  const cloud = await aCloud({ nodes: [node] });
  cloud.faults.deliver({ undeliverable: true });
  const CommandId = await send(cloud, { name: ['A'] });
  expect(await ended(cloud, CommandId)).toMatchObject({ Status: 'Failed', StatusDetails: 'Undeliverable' });
  const { Commands } = await ssm(cloud).send(new ListCommandsCommand({ CommandId }));
  expect(Commands?.[0]?.Status).toBe('Success');
  expect(node.scripts).toEqual([]);
  expect(cloud.breakdowns).toEqual([]);
});

test('a step for another system is skipped, which is a success; the others run', async () => {
  const node = aNode(InstanceId);
  const on = (platform: string) => ({ precondition: { StringEquals: ['platformType', platform] } });
  const runCommand = ['echo ran'];
  const cloud = await aCloud({
    nodes: [node],
    edit: withSteps(
      { action: 'aws:runPowerShellScript', name: 'windows', ...on('Windows'), inputs: { runCommand } },
      { action: 'aws:runShellScript', name: 'linux', ...on('Linux'), inputs: { runCommand } },
    ),
  });
  const CommandId = await send(cloud, { name: ['A'] });
  await ended(cloud, CommandId);
  const step = (PluginName: string) =>
    ssm(cloud).send(new GetCommandInvocationCommand({ CommandId, InstanceId, PluginName }));
  expect(await step('windows')).toMatchObject({ Status: 'Success', ResponseCode: 0, StandardOutputContent: '' });
  expect(await step('linux')).toMatchObject({ Status: 'Success', StandardOutputContent: 'ran\n' });
  expect(node.scripts.map(({ command }) => command.step)).toEqual(['linux']);
});

test('a node runs at most five commands at once', async () => {
  const node = aNode(InstanceId);
  const folder = await temporaryFolder('commands');
  onTestFinished(folder.remove);
  const go = join(folder.path, 'go');
  const cloud = await aCloud({ nodes: [node], edit: withCommands(`until [ -e ${go} ]; do sleep 0.1; done`) });
  for (let sent = 0; sent < 6; sent += 1) await send(cloud, { name: ['A'] });
  await expect.poll(() => node.scripts.length, { timeout: 20_000 }).toBe(5);
  writeFileSync(go, '');
  await cloud.settled();
  expect(node.scripts).toHaveLength(6);
});

test('long output keeps its head, and a list shows less of it', async () => {
  const cloud = await aCloud({
    edit: withCommands('head -c 30000 /dev/zero | tr "\\0" x', 'head -c 9000 /dev/zero | tr "\\0" e >&2'),
  });
  const CommandId = await send(cloud, { name: ['A'] });
  const whole = await ended(cloud, CommandId);
  expect(whole.StandardOutputContent).toMatch(/^x+--output truncated--$/);
  expect(whole.StandardOutputContent).toHaveLength(24_000);
  expect(whole.StandardErrorContent).toHaveLength(8000);
  const list = await ssm(cloud).send(new ListCommandInvocationsCommand({ CommandId, Details: true }));
  expect(list.CommandInvocations?.[0]?.CommandPlugins?.[0]?.Output).toHaveLength(2500);
});

test('whoever may list commands reads every parameter', async () => {
  const cloud = await aCloud();
  await send(cloud, { name: ['World'] });
  const { Commands } = await ssm(cloud).send(new ListCommandsCommand({}));
  expect(Commands?.[0]?.Parameters).toEqual({ name: ['World'], mood: ['well'] });
});

test('a command may be pinned to the hash of its document', async () => {
  const cloud = await aCloud();
  const { Document } = await ssm(cloud).send(new DescribeDocumentCommand({ Name: document(cloud) }));
  const pinned = (DocumentHash: string | undefined) =>
    ssm(cloud).send(
      new SendCommandCommand({
        DocumentName: document(cloud),
        DocumentHash,
        DocumentHashType: 'Sha256',
        InstanceIds: [InstanceId],
        Parameters: { name: ['A'] },
      }),
    );
  await expect(pinned(Document?.Hash)).resolves.toBeDefined();
  await expect(pinned('0'.repeat(64))).rejects.toMatchObject({ name: 'InvalidDocument' });
});

test('a throttled call is repeated by the SDK', async () => {
  const cloud = await aCloud();
  cloud.faults.throttle('ssm:SendCommand', 1);
  await expect(send(cloud, { name: ['A'] })).resolves.toBeDefined();
  expect(cloud.requests.map(({ errorCode }) => errorCode)).toEqual(['ThrottlingException', undefined]);
});

test('a lost answer leaves what the call did', async () => {
  const cloud = await aCloud();
  cloud.faults.loseAnswer('ssm:SendCommand');
  await send(cloud, { name: ['A'] });
  expect(cloud.commands).toHaveLength(2);
});

function ssm(cloud: Cloud): SSMClient {
  return new SSMClient(cloud.operator.client);
}

function document(cloud: Cloud): string {
  return cloud.stack.resources.get('Greet')?.ref ?? '';
}

async function send(cloud: Cloud, Parameters: Record<string, string[]>): Promise<string> {
  const request = { DocumentName: document(cloud), InstanceIds: [InstanceId], Parameters, TimeoutSeconds: 30 };
  const { Command } = await ssm(cloud).send(new SendCommandCommand(request));
  return Command?.CommandId ?? '';
}

async function ended(cloud: Cloud, CommandId: string) {
  await expect.poll(() => state(cloud, CommandId)).not.toMatch(/Pending|Delayed|InProgress|Cancelling/);
  return ssm(cloud).send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
}

async function state(cloud: Cloud, CommandId: string): Promise<string> {
  const list = await ssm(cloud).send(new ListCommandInvocationsCommand({ CommandId }));
  return list.CommandInvocations?.[0]?.Status ?? 'Pending';
}

async function startedOn(cloud: Cloud, CommandId: string): Promise<void> {
  const command = cloud.commands.find(({ id }) => id === CommandId);
  await expect.poll(() => [...(command?.invocations.values() ?? [])][0]?.script).toBeDefined();
}
