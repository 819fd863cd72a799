import { z } from 'zod';
import { NotImitated } from '../../aws-error.ts';
import { compilePattern } from '../../events/pattern.ts';
import { isList, isObject, type Json, parseJson } from '../../json.ts';
import { arn, generatedName } from '../../place.ts';
import { count, resourceType, tagList } from '../resource-type.ts';

const target = z.strictObject({
  Id: z.string(),
  Arn: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .strictObject({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  RetryPolicy: z
    .strictObject({ MaximumRetryAttempts: count.optional(), MaximumEventAgeInSeconds: count.optional() })
    .optional(),
});

export const rule = resourceType(
  'AWS::Events::Rule',
  z.strictObject({
    Name: z.string().optional(),
    Description: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    EventBusName: z.literal('default').optional(),
    EventPattern: z.json().optional(),
    ScheduleExpression: z.string().optional(),
    Targets: z.array(target).optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.Name ?? generatedName(stack.name, logicalId);
    const ruleArn = arn(world.place, 'events', `rule/${name}`);
    if (properties.EventPattern !== undefined) assertEmitted(logicalId, properties.EventPattern);
    world.rules.set(ruleArn, {
      arn: ruleArn,
      name,
      logicalId,
      enabled: properties.State !== 'DISABLED',
      wants: properties.EventPattern === undefined ? undefined : compilePattern(properties.EventPattern),
      schedule: properties.ScheduleExpression,
      targets: (properties.Targets ?? []).map((wanted) => ({
        id: wanted.Id,
        arn: wanted.Arn,
        input: wanted.Input === undefined ? undefined : parseJson(wanted.Input),
        inputPath: wanted.InputPath,
        transformer:
          wanted.InputTransformer === undefined
            ? undefined
            : {
                paths: wanted.InputTransformer.InputPathsMap ?? {},
                template: wanted.InputTransformer.InputTemplate,
              },
        deadLetterArn: wanted.DeadLetterConfig?.Arn,
      })),
    });
    return { ref: name, attributes: { Arn: ruleArn } };
  },
);

/** A rule that waits for an event which nobody here ever sends would look as if it worked. */
function assertEmitted(logicalId: string, pattern: Json): void {
  const sources = isObject(pattern) && isList(pattern.source) ? pattern.source : [];
  const unknown = sources.filter(
    (name) => typeof name === 'string' && /^aws\./.test(name) && name !== 'aws.secretsmanager',
  );
  if (unknown.length > 0) throw new NotImitated(`${logicalId}: events from ${unknown.join(', ')} are not imitated`);
  const types = isObject(pattern) && isList(pattern['detail-type']) ? pattern['detail-type'] : [];
  if (types.includes('AWS API Call via CloudTrail')) {
    throw new NotImitated(`${logicalId}: events about API calls are not imitated`);
  }
}
