/** What has happened, kept for tests: every request, denial, log line, event, message. Nothing is ever removed. */
import type { StatementSource } from './iam/statement.ts';
import type { Json } from './json.ts';
import type { ProcessUsage } from './lambda/process-usage.ts';

export interface RequestRecord {
  readonly atMs: number;
  readonly service: string;
  readonly action: string;
  /** ARN of the caller */
  readonly caller: string;
  /** Set when a function made the call. */
  readonly functionArn?: string | undefined;
  readonly environmentId?: string | undefined;
  /** Raw bodies, as they went over the wire. */
  readonly requestBody: string;
  readonly answerBody: string;
  readonly status: number;
  readonly errorCode?: string | undefined;
  /** True for the calls that carry a secret's value by design: the secret store itself, not a leak. */
  readonly secretStore: boolean;
}

export interface AccessRecord {
  readonly atMs: number;
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  /** The statements that allowed it, or that denied it explicitly (none: nothing allowed it). */
  readonly by: readonly StatementSource[];
}

export interface DenialRecord extends AccessRecord {
  readonly message: string;
}

export interface LogRecord {
  readonly atMs: number;
  readonly logGroup: string;
  readonly functionName: string;
  readonly environmentId: string;
  readonly stream: 'stdout' | 'stderr' | 'platform';
  readonly message: string;
  /** False when the function's role may not write to its log group: AWS loses such lines silently. */
  readonly delivered: boolean;
}

export interface InvocationRecord {
  readonly atMs: number;
  readonly functionName: string;
  readonly requestId: string;
  readonly by: string;
  readonly event: Json;
  readonly result: Json | undefined;
  readonly error: FunctionError | undefined;
  readonly durationMs: number;
  readonly coldStart: boolean;
  readonly usage: ProcessUsage | undefined;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[] | undefined;
}

/** An event as EventBridge hands it to targets. */
export interface EventRecord {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Json;
}

export interface MessageRecord {
  readonly atMs: number;
  readonly topicArn: string;
  readonly from: string;
  readonly subject: string | undefined;
  readonly message: string;
  readonly subscribers: readonly string[];
}

export class Records {
  readonly requests: RequestRecord[] = [];
  readonly allowed: AccessRecord[] = [];
  readonly denials: DenialRecord[] = [];
  readonly logs: LogRecord[] = [];
  readonly invocations: InvocationRecord[] = [];
  readonly events: EventRecord[] = [];
  readonly messages: MessageRecord[] = [];
  /** Sentences: what the stand-in was asked for and does not imitate. A test expects it empty. */
  readonly unsupported: string[] = [];
  /** Faults of the stand-in itself, or work in the background that broke. A test expects it empty. */
  readonly breakdowns: string[] = [];
}
