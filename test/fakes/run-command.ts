import type { GetCommandInvocationCommandOutput } from '@aws-sdk/client-ssm';
import type { Verb } from '../../lambda/contract.ts';
import { NodeUnreachable, Refusal } from '../../lambda/errors.ts';
import type { OneByOne, Sent, Values } from '../../lambda/fleet/run-command.ts';
import type { Deadline } from '../../lambda/rotation/deadline.ts';
import type { NodeTarget } from '../../lambda/rotation/model.ts';
import type { Invocation } from './invocation.ts';
import type { FakeSystemsManager } from './systems-manager.ts';

/** Pauses between looks as lambda/fleet/run-command.ts makes them, in milliseconds. */
const pausesMs = {
  soon: [3_000, 2_000, 2_000, 3_000, 4_000],
  waiting: [5_000, 8_000, 12_000, 18_000, 20_000],
} as const;

const ended = new Set(['Success', 'Cancelled', 'Failed', 'TimedOut']);

/** Run Command as one invocation of ours meets it. */
export function fakeRunCommand(invocation: Invocation, systems: FakeSystemsManager): OneByOne {
  async function pollUntil(
    { target, verb, commandId }: Sent,
    deadline: Deadline,
    enough: (status: string) => boolean,
    pauses: readonly number[],
  ): Promise<GetCommandInvocationCommandOutput> {
    const command = systems.commands.find(({ id }) => id === commandId);
    if (command === undefined) throw new NodeUnreachable(target.name, `there is no command ${commandId}`);
    const unread = () =>
      new NodeUnreachable(target.name, `the account of command ${commandId} on ${target.node} could not be read`);
    for (let round = 0; ; round += 1) {
      await invocation.sleep(Math.min(pauses.at(Math.min(round, pauses.length - 1)) ?? 0, deadline.remainingMs));
      const status = await invocation.call(
        `ssm:GetCommandInvocation ${verb} ${target.name}`,
        () => systems.statusOf(command),
        unread,
      );
      const undelivered = status === 'DeliveryTimedOut';
      if (!undelivered && enough(status)) {
        const { reply } = command;
        if (status !== 'Success' && status !== 'Failed') return { $metadata: {}, Status: status };
        return { $metadata: {}, Status: status, StandardOutputContent: reply?.line, ResponseCode: reply?.exitCode };
      }
      if (!undelivered && !deadline.passed) continue;
      if (status === 'Pending' || undelivered) {
        const cancel = () => {
          command.cancelled = command.takenMs === undefined;
        };
        await invocation
          .call(`ssm:CancelCommand ${verb} ${target.name}`, cancel, () => new Error('Rate exceeded'))
          .catch(() => undefined);
      }
      throw new NodeUnreachable(
        target.name,
        undelivered
          ? `node ${target.node} of ${target.name} did not take up the command (${verb}, within 30 s)`
          : `${verb} on ${target.node} had not ended in the time that was left (command ${commandId}, status ${status})`,
      );
    }
  }

  return {
    async send<V extends Verb>(target: NodeTarget, verb: V, values: Values) {
      const node = systems.nodes.get(target.node);
      const sent = await invocation.call(
        `ssm:SendCommand ${verb} ${target.name}`,
        () => {
          if (node === undefined)
            throw new Refusal('NODE_NOT_MANAGED', `node ${target.node} of ${target.name} is not a managed node`);
          return systems.send(node, verb, values);
        },
        () => new NodeUnreachable(target.name, `${verb} could not be sent to ${target.node}: Rate exceeded`),
      );
      return { target, verb, versionId: values.versionId, commandId: sent.id };
    },
    taken: (sent, deadline) =>
      pollUntil(sent, deadline, (status) => status === 'InProgress' || ended.has(status), pausesMs.soon),
    ended: (sent, deadline, expected) => pollUntil(sent, deadline, (status) => ended.has(status), pausesMs[expected]),
  };
}
