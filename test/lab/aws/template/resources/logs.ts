import { z } from 'zod';
import { filterPattern } from '../../cloudwatch/log-group.ts';
import { requireLogKey } from '../../kms/key.ts';
import { arn, generatedName } from '../../place.ts';
import { count, resourceType, tagList } from '../resource-type.ts';

export const logGroup = resourceType(
  'AWS::Logs::LogGroup',
  z.strictObject({
    LogGroupName: z.string().optional(),
    RetentionInDays: count.optional(),
    KmsKeyId: z.string().optional(),
    LogGroupClass: z.string().optional(),
    DataProtectionPolicy: z.json().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.LogGroupName ?? generatedName(stack.name, logicalId, 512);
    const groupArn = arn(world.place, 'logs', `log-group:${name}:*`);
    requireLogKey(world, groupArn.replace(/:\*$/, ''), properties.KmsKeyId);
    world.logGroups.set(name, { name, arn: groupArn });
    return { ref: name, attributes: { Arn: groupArn } };
  },
);

export const metricFilter = resourceType(
  'AWS::Logs::MetricFilter',
  z.strictObject({
    FilterName: z.string().optional(),
    LogGroupName: z.string(),
    FilterPattern: z.string(),
    ApplyOnTransformedLogs: z.boolean().optional(),
    MetricTransformations: z
      .array(
        z.strictObject({
          MetricNamespace: z.string(),
          MetricName: z.string(),
          // Every match counts one here.
          MetricValue: z.literal('1'),
          DefaultValue: z.number().optional(),
          Unit: z.string().optional(),
        }),
      )
      .length(1),
  }),
  ({ properties, logicalId, world, stack }) => {
    const matches = filterPattern(properties.FilterPattern);
    for (const { MetricNamespace, MetricName } of properties.MetricTransformations) {
      world.metricFilters.push({
        logGroup: properties.LogGroupName,
        matches,
        namespace: MetricNamespace,
        metric: MetricName,
      });
    }
    return { ref: properties.FilterName ?? generatedName(stack.name, logicalId, 512) };
  },
);
