import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { arn, generatedName } from '../../place.ts';
import { count, policyDocument, resourceType, tagList } from '../resource-type.ts';

export const queue = resourceType(
  'AWS::SQS::Queue',
  z.strictObject({
    QueueName: z.string().optional(),
    MessageRetentionPeriod: count.optional(),
    VisibilityTimeout: count.optional(),
    SqsManagedSseEnabled: z.boolean().optional(),
    KmsMasterKeyId: z.literal('alias/aws/sqs').optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.QueueName ?? generatedName(stack.name, logicalId, 80);
    const queueArn = arn(world.place, 'sqs', name);
    const url = `https://sqs.${world.place.region}.amazonaws.com/${world.place.accountId}/${name}`;
    world.queues.set(queueArn, { arn: queueArn, name, policy: [], messages: [] });
    return { ref: url, attributes: { Arn: queueArn, QueueName: name, QueueUrl: url } };
  },
);

export const queuePolicy = resourceType(
  'AWS::SQS::QueuePolicy',
  z.strictObject({ PolicyDocument: policyDocument, Queues: z.array(z.string()).min(1) }),
  ({ properties, logicalId, world }) => {
    for (const url of properties.Queues) {
      const owner = [...world.queues.values()].find(({ name }) => url.endsWith(`/${name}`));
      if (owner === undefined) throw new NotImitated(`${logicalId}: queue ${url} is not in the template`);
      owner.policy = parsePolicy(properties.PolicyDocument, logicalId, 'resource');
    }
    return { ref: logicalId };
  },
);
