import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import type { Command, Invocation } from './command.ts';
import { deliver } from './deliver.ts';
import { documentAccess, findDocument } from './document.ts';
import { commandSummary } from './list-commands.ts';
import { nodeAccess } from './node.ts';
import { checkedValues } from './parameters.ts';

const defaultTimeoutS = 3600;

export const sendCommand = defineAction({
  name: 'ssm:SendCommand',
  request: z.strictObject({
    DocumentName: z.string(),
    DocumentVersion: z.string().optional(),
    DocumentHash: z.string().optional(),
    DocumentHashType: z.literal('Sha256').optional(),
    InstanceIds: z
      .array(z.string().regex(/^(i|mi)-[0-9a-f]{8,17}$/))
      .min(1)
      .max(50),
    Parameters: z.record(z.string(), z.array(z.string())).optional(),
    TimeoutSeconds: z.int().min(30).max(2_592_000).optional(),
    Comment: z.string().max(100).optional(),
  }),
  // The document AND every node, as AWS asks.
  needs: ({ DocumentName, InstanceIds }, { world }) => [
    documentAccess(world, 'ssm:SendCommand', DocumentName),
    ...InstanceIds.map((instanceId) => nodeAccess(world, 'ssm:SendCommand', instanceId)),
  ],
  answer(request, { world }) {
    const document = findDocument(world, request.DocumentName, request.DocumentVersion);
    if (request.DocumentHash !== undefined && request.DocumentHash !== document.hash) {
      throw new AwsError('InvalidDocument', `The hash of document ${document.name} is not ${request.DocumentHash}.`);
    }
    const unknown = request.InstanceIds.filter((instanceId) => !world.nodes.has(instanceId));
    if (unknown.length > 0) {
      throw new AwsError(
        'InvalidInstanceId',
        `Instances [[${unknown.join(', ')}]] not in a valid state for account ${world.place.accountId}`,
      );
    }
    const values = checkedValues(document, request.Parameters ?? {});
    const timeoutS = request.TimeoutSeconds ?? defaultTimeoutS;
    const invocations = new Map<string, Invocation>();
    const command: Command = {
      id: randomUUID(),
      document,
      documentVersion: request.DocumentVersion ?? '$DEFAULT',
      values,
      comment: request.Comment ?? '',
      requestedMs: world.clock.nowMs(),
      expiresMs: world.clock.nowMs() + timeoutS * 1000,
      timeoutS,
      invocations,
    };
    world.commands.set(command.id, command);
    for (const instanceId of request.InstanceIds) {
      const known = world.nodes.get(instanceId);
      if (known === undefined) continue;
      const invocation: Invocation = {
        instanceId,
        computerName: known.node.computerName,
        status: 'Pending',
        statusDetails: 'Pending',
        steps: [],
        shownMs: world.clock.nowMs() + world.habits.invocationHiddenMs,
        script: undefined,
        cancelRequested: false,
        runs: 0,
      };
      invocations.set(instanceId, invocation);
      const how = world.faults.onDelivery({ instanceId, comment: command.comment });
      world.background(`command ${command.id} on ${instanceId}`, () => deliver(world, known, command, invocation, how));
    }
    return { Command: commandSummary(command) };
  },
});
