import { z } from 'zod';
import { defineAction } from '../action.ts';
import { seconds } from '../secrets-manager/secret.ts';
import { type Command, isFinal, overall } from './command.ts';

export const listCommands = defineAction({
  name: 'ssm:ListCommands',
  request: z.strictObject({
    CommandId: z.uuid().optional(),
    InstanceId: z.string().optional(),
    MaxResults: z.int().min(1).max(50).optional(),
    NextToken: z.string().optional(),
  }),
  needs: () => [{ action: 'ssm:ListCommands', resource: '*' }],
  answer({ CommandId, InstanceId, MaxResults = 50, NextToken = '0' }, { world }) {
    const wanted = [...world.commands.values()]
      .filter(
        ({ id, invocations }) => (CommandId ?? id) === id && (InstanceId === undefined || invocations.has(InstanceId)),
      )
      .reverse();
    const end = Number(NextToken) + MaxResults;
    return {
      Commands: wanted.slice(Number(NextToken), end).map(commandSummary),
      ...(end < wanted.length ? { NextToken: String(end) } : {}),
    };
  },
});

/** Whoever may list commands reads every parameter of the last 30 days. */
export function commandSummary(command: Command) {
  const invocations = [...command.invocations.values()];
  const status = overall(command);
  return {
    CommandId: command.id,
    DocumentName: command.document.name,
    DocumentVersion: command.documentVersion,
    Comment: command.comment,
    ExpiresAfter: seconds(command.expiresMs),
    Parameters: Object.fromEntries(Object.entries(command.values).map(([name, value]) => [name, [value]])),
    InstanceIds: invocations.map(({ instanceId }) => instanceId),
    Targets: [],
    RequestedDateTime: seconds(command.requestedMs),
    Status: status,
    StatusDetails: status,
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: invocations.length,
    CompletedCount: invocations.filter(isFinal).length,
    ErrorCount: invocations.filter(({ status }) => status === 'Failed' || status === 'TimedOut').length,
    DeliveryTimedOutCount: invocations.filter(({ statusDetails }) => statusDetails === 'DeliveryTimedOut').length,
    TimeoutSeconds: command.timeoutS,
  };
}
