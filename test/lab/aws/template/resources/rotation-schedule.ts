import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { configure, rotationRules, start } from '../../secrets-manager/rotate-secret.ts';
import { findAlive } from '../../secrets-manager/secret.ts';
import { resourceType } from '../resource-type.ts';

/**
 * Making or changing a schedule rotates at once unless RotateImmediatelyOnUpdate is false; then it runs testSecret alone. Both
 * happen behind CloudFormation's back: the deployment does not fail with them.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html
 */
export const rotationSchedule = resourceType(
  'AWS::SecretsManager::RotationSchedule',
  z.strictObject({
    SecretId: z.string(),
    RotationLambdaARN: z.string(),
    RotationRules: rotationRules.optional(),
    RotateImmediatelyOnUpdate: z.boolean().optional(),
  }),
  ({ properties, world, afterwards }) => {
    const secret = findAlive(world, properties.SecretId);
    const lambda = configure(world, secret, properties);
    const kind = properties.RotateImmediatelyOnUpdate === false ? 'test' : 'rotation';
    if (kind === 'rotation' || world.habits.testRotationAtDeploy) {
      afterwards(() => start(world, secret, lambda, randomUUID(), kind));
    }
    return { ref: secret.arn, attributes: { Id: secret.arn } };
  },
);
