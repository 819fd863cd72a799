/** Everything that exists in the stand-in. Actions and resources read and change it; only `cloud.ts` builds one. */
import type { Clock } from './clock.ts';
import type { Alarm } from './cloudwatch/alarm.ts';
import type { LogGroup, MetricFilter } from './cloudwatch/log-group.ts';
import type { Rule } from './events/rule.ts';
import type { Faults } from './faults.ts';
import type { Habits } from './habits.ts';
import type { Permissions } from './iam/permissions.ts';
import type { ManagedPolicy, Role } from './iam/role.ts';
import type { Statement } from './iam/statement.ts';
import type { Key } from './kms/key.ts';
import type { Environments } from './lambda/environments.ts';
import type { LambdaFunction } from './lambda/function.ts';
import type { Place } from './place.ts';
import type { Principal } from './principal.ts';
import type { Records } from './records.ts';
import type { Bucket } from './s3/bucket.ts';
import type { RequestRates } from './secrets-manager/request-rates.ts';
import type { Secret } from './secrets-manager/secret.ts';
import type { Topic } from './sns/topic.ts';
import type { Command } from './ssm/command.ts';
import type { CommandDocument } from './ssm/document.ts';
import type { KnownNode } from './ssm/node.ts';

export interface Queue {
  readonly arn: string;
  readonly name: string;
  policy: readonly Statement[];
  readonly messages: string[];
}

export interface World {
  readonly clock: Clock;
  readonly place: Place;
  readonly habits: Habits;
  readonly faults: Faults;
  readonly records: Records;
  readonly permissions: Permissions;
  readonly environments: Environments;
  /** By access key id. */
  readonly callers: Map<string, Principal>;
  /** By access key id. */
  readonly secretAccessKeys: Map<string, string>;
  /** By name. */
  readonly buckets: Map<string, Bucket>;
  readonly requestRates: RequestRates;
  /** Every so many of them S3 asks to slow down. */
  s3Calls: number;
  /** By ARN, each of them. */
  readonly secrets: Map<string, Secret>;
  readonly functions: Map<string, LambdaFunction>;
  readonly roles: Map<string, Role>;
  readonly managedPolicies: Map<string, ManagedPolicy>;
  readonly topics: Map<string, Topic>;
  readonly rules: Map<string, Rule>;
  /** By event id; settles when every target of every rule that wanted it has dealt with it. */
  readonly handedOver: Map<string, Promise<unknown>>;
  readonly alarms: Map<string, Alarm>;
  readonly keys: Map<string, Key>;
  readonly queues: Map<string, Queue>;
  /** `alias/…` → ARN of the key. */
  readonly keyAliases: Map<string, string>;
  /** By name, each of them. */
  readonly documents: Map<string, CommandDocument>;
  readonly logGroups: Map<string, LogGroup>;
  readonly metricFilters: MetricFilter[];
  /** By instance id. */
  readonly nodes: Map<string, KnownNode>;
  /** By command id, oldest first. */
  readonly commands: Map<string, Command>;
  /** Where functions find us; known once the server listens. */
  endpoint: string;
  closing: boolean;
  /** Runs work nobody awaits; `cloud.settled()` waits for it and a failure of it is a breakdown. */
  background(name: string, work: () => Promise<void>): void;
}
