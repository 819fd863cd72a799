/** A command and what became of it on each node. */

import type { RunningScript } from '../../managed-node.ts';
import { AwsError } from '../aws-error.ts';
import type { World } from '../world.ts';
import type { CommandDocument } from './document.ts';
import type { Values } from './parameters.ts';

export type Status =
  | 'Pending'
  /** The node was not there when the command was to be handed over; it is tried again. */
  | 'Delayed'
  | 'InProgress'
  /** It is to be cancelled and has not stopped yet. */
  | 'Cancelling'
  | 'Success'
  | 'Failed'
  | 'TimedOut'
  | 'Cancelled';
export type StatusDetails = Status | 'DeliveryTimedOut' | 'ExecutionTimedOut' | 'Undeliverable';

export interface Command {
  readonly id: string;
  readonly document: CommandDocument;
  readonly documentVersion: string;
  readonly values: Values;
  readonly comment: string;
  readonly requestedMs: number;
  /** When an invocation that has not been delivered is given up. */
  readonly expiresMs: number;
  readonly timeoutS: number;
  readonly invocations: ReadonlyMap<string, Invocation>;
}

export interface Invocation {
  readonly instanceId: string;
  readonly computerName: string;
  status: Status;
  statusDetails: StatusDetails;
  readonly steps: StepRun[];
  /** From when on it can be read. */
  readonly shownMs: number;
  script: RunningScript | undefined;
  cancelRequested: boolean;
  /** How often the script has been started on the node. */
  runs: number;
}

export interface StepRun {
  readonly name: string;
  readonly action: string;
  readonly status: Status;
  readonly statusDetails: StatusDetails;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

const open: readonly Status[] = ['Pending', 'Delayed', 'InProgress', 'Cancelling'];

export function isFinal(invocation: Invocation): boolean {
  return !open.includes(invocation.status);
}

/** A final status stays: replies may come twice and out of order. */
export function conclude(invocation: Invocation, status: Status, details: StatusDetails = status): void {
  if (isFinal(invocation)) return;
  invocation.status = status;
  invocation.statusDetails = details;
}

export function findCommand(world: World, id: string): Command {
  const command = world.commands.get(id);
  if (command === undefined) throw new AwsError('InvalidCommandId', `The specified command ID ${id} was not found.`);
  return command;
}

/** Nobody has begun it. */
export function isWaiting({ status }: Invocation): boolean {
  return status === 'Pending' || status === 'Delayed';
}

/** The command as a whole: open while any node is, then the worst of them. A node that it could not be delivered to does not count. */
export function overall({ invocations }: Command): Status {
  const all = [...invocations.values()];
  if (all.every(isWaiting)) return 'Pending';
  const statuses = all.flatMap(({ status, statusDetails }) => (statusDetails === 'Undeliverable' ? [] : [status]));
  if (statuses.includes('Cancelling')) return 'Cancelling';
  if (statuses.some((status) => open.includes(status))) return 'InProgress';
  const worst = (['Failed', 'TimedOut', 'Cancelled'] as const).find((status) => statuses.includes(status));
  return worst ?? 'Success';
}
