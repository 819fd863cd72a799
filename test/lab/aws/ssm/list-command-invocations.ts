import { z } from 'zod';
import { defineAction } from '../action.ts';
import { seconds } from '../secrets-manager/secret.ts';
import type { Command, Invocation } from './command.ts';
import { isHidden } from './get-command-invocation.ts';
import { listOutput } from './output.ts';

export const listCommandInvocations = defineAction({
  name: 'ssm:ListCommandInvocations',
  request: z.strictObject({
    CommandId: z.uuid().optional(),
    InstanceId: z.string().optional(),
    Details: z.boolean().optional(),
    MaxResults: z.int().min(1).max(50).optional(),
    NextToken: z.string().optional(),
  }),
  needs: () => [{ action: 'ssm:ListCommandInvocations', resource: '*' }],
  answer({ CommandId, InstanceId, Details = false, MaxResults = 50, NextToken = '0' }, { world }) {
    const wanted = [...world.commands.values()]
      .filter(({ id }) => (CommandId ?? id) === id)
      .flatMap((command) => [...command.invocations.values()].map((invocation) => ({ command, invocation })))
      .filter(({ invocation }) => (InstanceId ?? invocation.instanceId) === invocation.instanceId)
      .filter(({ invocation }) => !isHidden(invocation, world));
    const end = Number(NextToken) + MaxResults;
    return {
      CommandInvocations: wanted
        .slice(Number(NextToken), end)
        .map(({ command, invocation }) => summary(command, invocation, Details)),
      ...(end < wanted.length ? { NextToken: String(end) } : {}),
    };
  },
});

function summary(command: Command, invocation: Invocation, details: boolean) {
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    InstanceName: invocation.computerName,
    Comment: command.comment,
    DocumentName: command.document.name,
    DocumentVersion: command.documentVersion,
    RequestedDateTime: seconds(command.requestedMs),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details
      ? invocation.steps.map((step) => ({
          Name: step.name,
          Status: step.status,
          StatusDetails: step.statusDetails,
          ResponseCode: step.code,
          ResponseStartDateTime: seconds(step.startedMs),
          ResponseFinishDateTime: seconds(step.endedMs),
          Output: listOutput(step.stdout, step.stderr),
          StandardOutputUrl: '',
          StandardErrorUrl: '',
          OutputS3BucketName: '',
          OutputS3KeyPrefix: '',
        }))
      : [],
  };
}
