/** Topics: who may publish, and what was published. Nothing is ever sent to a subscriber. */
import { NotImitated } from '../aws-error.ts';
import { parsePolicy, type Statement } from '../iam/statement.ts';
import { mayUseTopicKey } from '../kms/key.ts';
import type { Place } from '../place.ts';
import { nameOf, type Principal } from '../principal.ts';
import type { World } from '../world.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly kmsKeyId: string | undefined;
  policy: readonly Statement[];
  /** `protocol:endpoint` */
  readonly subscribers: string[];
}

/** Every topic's policy until a TopicPolicy replaces it whole: the owner's account, and services that act for a resource of it. */
export function defaultTopicPolicy(place: Place, topicArn: string): readonly Statement[] {
  return parsePolicy(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: ['SNS:Publish', 'SNS:Subscribe', 'SNS:GetTopicAttributes'],
          Resource: topicArn,
          Condition: { StringEquals: { 'AWS:SourceOwner': place.accountId } },
        },
      ],
    },
    'default topic policy',
    'resource',
  );
}

/** @returns false when a policy or the topic's key stands against it; that is recorded as a denial */
export function publish(
  world: World,
  from: Principal,
  { topicArn, message, subject }: { readonly topicArn: string; readonly message: string; readonly subject?: string },
): boolean {
  const topic = world.topics.get(topicArn);
  if (topic === undefined) throw new NotImitated(`topic ${topicArn} is not in the template`);
  // EventBridge does not say whose account it acts for; CloudWatch does.
  const owned = from.kind === 'service' && from.service === 'cloudwatch.amazonaws.com';
  const allowed =
    world.permissions.may(from, {
      action: 'sns:Publish',
      resource: topic.arn,
      resourcePolicy: topic.policy,
      context: owned ? { 'aws:SourceOwner': world.place.accountId } : {},
    }) && mayUseTopicKey(world, from, topic.kmsKeyId);
  if (!allowed) return false;
  world.records.messages.push({
    atMs: world.clock.nowMs(),
    topicArn,
    from: from.kind === 'service' ? from.sourceArn : nameOf(from),
    subject,
    message,
    subscribers: [...topic.subscribers],
  });
  return true;
}
