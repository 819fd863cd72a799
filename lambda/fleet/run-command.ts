import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  InvalidInstanceId,
  InvocationDoesNotExist,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { documentStep, type ParameterName, type Verb } from '../contract.ts';
import { NodeUnreachable, Refusal } from '../errors.ts';
import type { Deadline } from '../rotation/deadline.ts';
import type { NodeTarget } from '../rotation/model.ts';
import type { Clock } from '../rotation/ports.ts';

/** One command of ours on one node. */
export interface Sent {
  readonly target: NodeTarget;
  readonly verb: Verb;
  readonly versionId: string;
  readonly commandId: string;
}

/** Parameters of a document; every one of ours has the version it is about. */
export type Values = Partial<Record<ParameterName, string>> & { readonly versionId: string };

export interface RunCommandOptions {
  readonly ssm: SSMClient;
  readonly clock: Clock;
  readonly documents: Readonly<Record<Verb, string>>;
}

/** How long a command may stay undelivered, in seconds: the least that SendCommand takes. A node that wakes up later must not act. */
const deliveryS = 30;

/** Pauses between looks at a command, in milliseconds; the last one is repeated. */
const pausesMs = {
  /** A node takes a command up, or has run a script that does not wait, within a few seconds. */
  soon: [4_000, 2_000, 2_000, 3_000, 4_000],
  /** A node that waits for the server acts by itself, within seconds (7.0) or a minute (6.0): nothing is lost by hearing of it later. */
  waiting: [7_000, 10_000, 17_000, 30_000, 20_000],
} as const;

/** How an invocation ends that never reached its node (Systems Manager user guide, "Understanding command statuses"). */
const neverDelivered = new Set(['DeliveryTimedOut', 'Delivery Timed Out', 'Undeliverable']);

/** No node has taken it up. `Delayed`: it was not there when the command was to be handed over, and is tried again. */
const waiting = new Set(['Pending', 'Delayed']);

const ended = new Set([
  'Success',
  'Cancelled',
  'Failed',
  'TimedOut',
  'Undeliverable',
  'Terminated',
  'DeliveryTimedOut',
  'ExecutionTimedOut',
]);

export function runCommand({ ssm, clock, documents }: RunCommandOptions) {
  async function send<V extends Verb>(
    target: NodeTarget,
    verb: V,
    values: Values,
  ): Promise<Sent & { readonly verb: V }> {
    try {
      return { target, verb, versionId: values.versionId, commandId: await command([target], verb, values) };
    } catch (error) {
      throw whyNotSent(target, verb, error);
    }
  }

  /**
   * The same command to several nodes, each there once. SendCommand is refused for all of them when it may not be sent to one, and does
   * not name it: then halves are sent, so that the others are asked all the same.
   *
   * @param targets at most 50
   * @returns in the order of `targets`; an error is why that one could not be sent to
   */
  async function sendToAll(
    targets: readonly NodeTarget[],
    verb: Verb,
    values: Values,
  ): Promise<readonly (Sent | Error)[]> {
    try {
      const commandId = await command(targets, verb, values);
      return targets.map((target) => ({ target, verb, versionId: values.versionId, commandId }));
    } catch (error) {
      const refusals = targets.map((target) => whyNotSent(target, verb, error));
      if (targets.length === 1 || !refusals.every((one) => one instanceof Refusal)) return refusals;
      const half = Math.ceil(targets.length / 2);
      const halves = [targets.slice(0, half), targets.slice(half)];
      return (await Promise.all(halves.map((some) => sendToAll(some, verb, values)))).flat();
    }
  }

  /** @returns its id */
  async function command(targets: readonly NodeTarget[], verb: Verb, values: Values): Promise<string> {
    const [first] = targets;
    const whom = targets.length === 1 ? first?.name : `${targets.length} nodes`;
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: documents[verb],
        InstanceIds: targets.map(({ node }) => node),
        Parameters: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]])),
        TimeoutSeconds: deliveryS,
        Comment: `zabbix-psk ${verb} ${whom}`.slice(0, 100),
      }),
    );
    if (Command?.CommandId === undefined)
      throw new NodeUnreachable(
        first?.name ?? '',
        `Systems Manager took ${verb} for ${first?.node} and gave no command id`,
      );
    return Command.CommandId;
  }

  /** @returns undefined while the service does not show the invocation yet, which is normal right after SendCommand */
  async function look({ target, commandId }: Sent): Promise<GetCommandInvocationCommandOutput | undefined> {
    try {
      return await ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: target.node, PluginName: documentStep }),
      );
    } catch (error) {
      if (error instanceof InvocationDoesNotExist) return undefined;
      throw new NodeUnreachable(
        target.name,
        `the account of command ${commandId} on ${target.node} could not be read: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      );
    }
  }

  async function pollUntil(
    sent: Sent,
    deadline: Deadline,
    enough: (status: string) => boolean,
    pauses: readonly number[],
  ): Promise<GetCommandInvocationCommandOutput> {
    const from = clock.now().ms;
    for (let round = 0; ; round += 1) {
      await clock.sleep(Math.min(pauses.at(Math.min(round, pauses.length - 1)) ?? 0, deadline.remainingMs));
      const seen = await look(sent);
      const status = seen?.Status ?? 'Pending';
      const undelivered =
        neverDelivered.has(seen?.StatusDetails ?? '') ||
        (waiting.has(status) && clock.now().ms - from > (deliveryS + 10) * 1000);
      if (seen !== undefined && enough(status) && !undelivered) return seen;
      if (undelivered || deadline.passed) {
        // What a node has taken up goes on without us: a switch that waits for the server must not be killed.
        if (waiting.has(status)) await cancel(sent);
        throw await whySilent(sent, status, undelivered);
      }
    }
  }

  /** A command that nobody waits for any more must not act later; `notAfter` is the second lock. */
  async function cancel({ commandId, target }: Sent): Promise<void> {
    await ssm
      .send(new CancelCommandCommand({ CommandId: commandId, InstanceIds: [target.node] }))
      .catch(() => undefined);
  }

  async function whySilent(
    { target, verb, commandId }: Sent,
    status: string,
    undelivered: boolean,
  ): Promise<NodeUnreachable> {
    if (!undelivered)
      return new NodeUnreachable(
        target.name,
        `${verb} on ${target.node} had not ended in the time that was left (command ${commandId}, status ${status})`,
      );
    return new NodeUnreachable(
      target.name,
      `node ${target.node} of ${target.name} did not take up ${verb} within ${deliveryS} s (${await pingStatus(target.node)}); see that its SSM agent runs and can reach Systems Manager`,
    );
  }

  async function pingStatus(node: string): Promise<string> {
    try {
      const { InstanceInformationList } = await ssm.send(
        new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [node] }] }),
      );
      const [info] = InstanceInformationList ?? [];
      return info === undefined
        ? 'Systems Manager does not know it as a managed node'
        : `Systems Manager says ${info.PingStatus}`;
    } catch {
      return 'Systems Manager could not be asked about it';
    }
  }

  return {
    send,
    sendToAll,
    /** Until the node has taken it up (or it has ended already). */
    taken: (sent: Sent, deadline: Deadline) =>
      pollUntil(sent, deadline, (status) => status === 'InProgress' || ended.has(status), pausesMs.soon),
    /** @param expected whether the script waits for something or runs straight through */
    ended: (sent: Sent, deadline: Deadline, expected: keyof typeof pausesMs) =>
      pollUntil(sent, deadline, (status) => ended.has(status), pausesMs[expected]),
  };
}

export type RunCommand = ReturnType<typeof runCommand>;
/** A rotation has something else to say to each node. */
export type OneByOne = Omit<RunCommand, 'sendToAll'>;

function whyNotSent({ node, name }: NodeTarget, verb: Verb, error: unknown): Error {
  if (error instanceof NodeUnreachable) return error;
  if (error instanceof InvalidInstanceId) {
    return new Refusal(
      'NODE_NOT_MANAGED',
      `node ${node} of ${name} is not a managed node of Systems Manager, or not online; correct the target's node or register it`,
      { cause: error },
    );
  }
  if (error instanceof Error && error.name === 'AccessDeniedException') {
    return new Refusal(
      'NODE_NOT_ALLOWED',
      `this service may not command node ${node} of ${name}; tag it ZabbixPskRotation=enabled`,
      { cause: error },
    );
  }
  return new NodeUnreachable(
    name,
    `${verb} could not be sent to ${node}: ${error instanceof Error ? error.message : error}`,
    { cause: error },
  );
}
