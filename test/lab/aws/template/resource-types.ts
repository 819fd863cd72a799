/** Every resource type that a template may hold. Anything else throws. */
import type { ResourceType } from './resource-type.ts';
import { alarm } from './resources/alarm.ts';
import { bucket, bucketPolicy } from './resources/bucket.ts';
import { cdkMetadata } from './resources/cdk-metadata.ts';
import { commandDocument } from './resources/command-document.ts';
import { configRule } from './resources/config-rule.ts';
import { eventInvokeConfig, lambdaFunction, lambdaPermission } from './resources/function.ts';
import { kmsAlias, kmsKey } from './resources/kms.ts';
import { logGroup, metricFilter } from './resources/logs.ts';
import { managedPolicy, policy } from './resources/policy.ts';
import { role } from './resources/role.ts';
import { rotationSchedule } from './resources/rotation-schedule.ts';
import { rule } from './resources/rule.ts';
import { secret, secretPolicy } from './resources/secret.ts';
import { queue, queuePolicy } from './resources/sqs.ts';
import { subscription, topic, topicPolicy } from './resources/topic.ts';

export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    alarm,
    bucket,
    bucketPolicy,
    cdkMetadata,
    commandDocument,
    configRule,
    eventInvokeConfig,
    kmsAlias,
    kmsKey,
    lambdaFunction,
    lambdaPermission,
    logGroup,
    managedPolicy,
    metricFilter,
    policy,
    queue,
    queuePolicy,
    role,
    rotationSchedule,
    rule,
    secret,
    secretPolicy,
    subscription,
    topic,
    topicPolicy,
  ].map((type) => [type.name, type]),
);
