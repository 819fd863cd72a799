import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { arn, generatedName } from '../../place.ts';
import { defaultTopicPolicy, type Topic } from '../../sns/topic.ts';
import type { World } from '../../world.ts';
import { policyDocument, resourceType, tagList } from '../resource-type.ts';

const subscriptionShape = z.strictObject({ Protocol: z.string(), Endpoint: z.string() });

export const topic = resourceType(
  'AWS::SNS::Topic',
  z.strictObject({
    TopicName: z.string().optional(),
    DisplayName: z.string().optional(),
    KmsMasterKeyId: z.string().optional(),
    Subscription: z.array(subscriptionShape).optional(),
    SignatureVersion: z.string().optional(),
    TracingConfig: z.string().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.TopicName ?? generatedName(stack.name, logicalId, 256);
    const topicArn = arn(world.place, 'sns', name);
    world.topics.set(topicArn, {
      arn: topicArn,
      name,
      kmsKeyId: properties.KmsMasterKeyId,
      policy: defaultTopicPolicy(world.place, topicArn),
      subscribers: (properties.Subscription ?? []).map(({ Protocol, Endpoint }) => `${Protocol}:${Endpoint}`),
    });
    return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
  },
);

/** Filter policies would decide who hears what; nobody hears anything here. */
export const subscription = resourceType(
  'AWS::SNS::Subscription',
  z.strictObject({ ...subscriptionShape.shape, TopicArn: z.string(), RedrivePolicy: z.json().optional() }),
  ({ properties, world }) => {
    topicOf(world, properties.TopicArn).subscribers.push(`${properties.Protocol}:${properties.Endpoint}`);
    return { ref: `${properties.TopicArn}:${randomUUID()}` };
  },
);

/** Replaces the default policy whole, and with it the permission that CloudWatch had from it. */
export const topicPolicy = resourceType(
  'AWS::SNS::TopicPolicy',
  z.strictObject({ PolicyDocument: policyDocument, Topics: z.array(z.string()).min(1) }),
  ({ properties, logicalId, world }) => {
    for (const topicArn of properties.Topics) {
      topicOf(world, topicArn).policy = parsePolicy(properties.PolicyDocument, logicalId, 'resource');
    }
    return { ref: logicalId };
  },
);

function topicOf(world: World, topicArn: string): Topic {
  const found = world.topics.get(topicArn);
  if (found === undefined) throw new NotImitated(`topic ${topicArn} is not in the template`);
  return found;
}
