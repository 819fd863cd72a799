import { z } from 'zod';
import { arn, generatedName } from '../../place.ts';
import { resourceType, tagList } from '../resource-type.ts';

const comparison = z.enum([
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
]);

/** Periods, data points and missing data are taken and do not count: see cloudwatch/alarm.ts. */
export const alarm = resourceType(
  'AWS::CloudWatch::Alarm',
  z.strictObject({
    AlarmName: z.string().optional(),
    AlarmDescription: z.string().optional(),
    AlarmActions: z.array(z.string()).optional(),
    OKActions: z.array(z.string()).optional(),
    InsufficientDataActions: z.array(z.string()).optional(),
    ActionsEnabled: z.boolean().optional(),
    Namespace: z.string(),
    MetricName: z.string(),
    Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).optional(),
    Statistic: z.enum(['Sum', 'SampleCount', 'Maximum']),
    Period: z.number(),
    EvaluationPeriods: z.number(),
    DatapointsToAlarm: z.number().optional(),
    Threshold: z.number(),
    ComparisonOperator: comparison,
    TreatMissingData: z.string().optional(),
    Unit: z.string().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.AlarmName ?? generatedName(stack.name, logicalId, 255);
    const alarmArn = arn(world.place, 'cloudwatch', `alarm:${name}`);
    world.alarms.set(alarmArn, {
      arn: alarmArn,
      name,
      logicalId,
      namespace: properties.Namespace,
      metric: properties.MetricName,
      dimensions: Object.fromEntries((properties.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
      threshold: properties.Threshold,
      comparison: properties.ComparisonOperator,
      actions: properties.ActionsEnabled === false ? [] : (properties.AlarmActions ?? []),
      description: properties.AlarmDescription,
      sum: 0,
      state: 'OK',
    });
    return { ref: name, attributes: { Arn: alarmArn } };
  },
);
