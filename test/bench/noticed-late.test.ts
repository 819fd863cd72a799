import { expect, test } from 'vitest';
import { type CommandsAndRequests, noticedLateMs } from '../lab/bench/noticed-late.ts';

const id = '11111111-2222-4333-8444-555555555555';
const look = (atMs: number, Status: string, more: Partial<CommandsAndRequests['requests'][number]> = {}) => ({
  ...{ atMs, action: 'ssm:GetCommandInvocation', requestBody: '{}', errorCode: undefined },
  answerBody: JSON.stringify({ CommandId: id, Status }),
  ...more,
});

function aCommand(endedMs: number): CommandsAndRequests['commands'][number] {
  const step = {
    ...{ name: 'run', action: 'aws:runShellScript', code: 0, stdout: '', stderr: '' },
    startedMs: 0,
    endedMs,
  };
  const done = { status: 'Success', statusDetails: 'Success' } as const;
  const invocation = {
    instanceId: 'i-1',
    computerName: 'web-1',
    shownMs: 0,
    script: undefined,
    cancelRequested: false,
    runs: 1,
  };
  return {
    id,
    requestedMs: 100,
    invocations: new Map([['i-1', { ...invocation, ...done, steps: [{ ...step, ...done }] }]]),
  };
}

const period = { fromMs: 0, toMs: 10_000 };

test('a command is noticed by the first look that shows its end', () => {
  const requests = [look(800, 'InProgress'), look(1_600, 'Success'), look(2_400, 'Success')];
  expect(noticedLateMs({ commands: [aCommand(1_000)], requests }, period)).toEqual([600]);
});

test.each([
  { what: 'refused', blind: look(1_100, '', { errorCode: 'InvocationDoesNotExist' }) },
  {
    what: 'empty',
    blind: look(1_100, '', { action: 'ssm:ListCommandInvocations', answerBody: '{"CommandInvocations":[]}' }),
  },
  { what: 'of something else', blind: look(1_100, 'Success', { action: 'ssm:DescribeInstanceInformation' }) },
])('a look that is $what shows nothing', ({ blind }) => {
  expect(noticedLateMs({ commands: [aCommand(1_000)], requests: [blind, look(3_000, 'Success')] }, period)).toEqual([
    2_000,
  ]);
});

test('a command that nobody looked at again, of another time, or that never ran is left out', () => {
  expect(noticedLateMs({ commands: [aCommand(1_000)], requests: [look(800, 'InProgress')] }, period)).toEqual([]);
  expect(
    noticedLateMs({ commands: [aCommand(1_000)], requests: [look(2_000, 'Success')] }, { fromMs: 200, toMs: 300 }),
  ).toEqual([]);
  const undelivered = { ...aCommand(1_000), invocations: new Map() };
  expect(noticedLateMs({ commands: [undelivered], requests: [look(2_000, 'Undeliverable')] }, period)).toEqual([]);
});
