import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import type { World } from '../world.ts';
import { drive, servicePrincipal } from './drive-rotation.ts';
import { attach } from './labels.ts';
import { secretAccess, secretId, token } from './request-parts.ts';
import { isOpen, openRun } from './rotation-run.ts';
import { assertRules, nextRotationMs, type RotationRules } from './schedule.ts';
import { findAlive, labelled, lookUp, type Secret, type Version } from './secret.ts';

export const rotationRules = z.strictObject({
  AutomaticallyAfterDays: z.int().min(1).max(1000).optional(),
  Duration: z.string().optional(),
  ScheduleExpression: z.string().optional(),
});

export const rotateSecret = defineAction({
  name: 'secretsmanager:RotateSecret',
  request: z.strictObject({
    SecretId: secretId,
    ClientRequestToken: token.optional(),
    RotationLambdaARN: z.string().optional(),
    RotationRules: rotationRules.optional(),
    RotateImmediately: z.boolean().optional(),
  }),
  needs({ SecretId, RotationLambdaARN }, { world }) {
    const functionArn = RotationLambdaARN ?? lookUp(world, SecretId)?.rotation?.functionArn;
    const rotate = secretAccess(world, 'RotateSecret', SecretId, {
      'secretsmanager:RotationLambdaARN': RotationLambdaARN,
    });
    if (functionArn === undefined) return [rotate];
    const resourcePolicy = world.functions.get(functionArn)?.policy ?? [];
    return [rotate, { action: 'lambda:InvokeFunction', resource: functionArn, resourcePolicy }];
  },
  answer(request, { world }) {
    const secret = findAlive(world, request.SecretId);
    const lambda = configure(world, secret, request);
    const id = request.ClientRequestToken ?? randomUUID();
    const immediately = request.RotateImmediately ?? true;
    if (isOpen(secret.run) && secret.run.token === id) return started(secret, id);
    assertNothingPending(world, secret, lambda, id);
    start(world, secret, lambda, id, immediately ? 'rotation' : 'test');
    return immediately ? started(secret, id) : { ARN: secret.arn, Name: secret.name };
  },
});

function started(secret: Secret, id: string) {
  return { ARN: secret.arn, Name: secret.name, VersionId: id };
}

/** Turns rotation on, or changes it; what is not said stays as it was. */
export function configure(
  world: World,
  secret: Secret,
  {
    RotationLambdaARN,
    RotationRules,
  }: {
    readonly RotationLambdaARN?: string | undefined;
    readonly RotationRules?: z.infer<typeof rotationRules> | undefined;
  },
): LambdaFunction {
  const functionArn = RotationLambdaARN ?? secret.rotation?.functionArn;
  const rules = RotationRules === undefined ? secret.rotation?.rules : definedRules(RotationRules);
  if (functionArn === undefined || rules === undefined) {
    throw new AwsError(
      'InvalidRequestException',
      'No Lambda rotation function ARN or rotation rules are associated with this secret.',
    );
  }
  assertRules(rules);
  const lambda = world.functions.get(functionArn);
  const invoke = { action: 'lambda:InvokeFunction', resource: functionArn, resourcePolicy: lambda?.policy ?? [] };
  if (lambda === undefined || !world.permissions.may(servicePrincipal(secret), invoke)) {
    throw new AwsError(
      'AccessDeniedException',
      'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
    );
  }
  secret.rotation = { enabled: true, functionArn, rules };
  secret.nextRotationMs ??= nextRotationMs(rules, world.clock.nowMs());
  if (RotationRules !== undefined) secret.nextRotationMs = nextRotationMs(rules, world.clock.nowMs());
  return lambda;
}

function definedRules(rules: z.infer<typeof rotationRules>): RotationRules {
  const { AutomaticallyAfterDays, Duration, ScheduleExpression } = rules;
  return {
    ...(AutomaticallyAfterDays === undefined ? {} : { AutomaticallyAfterDays }),
    ...(Duration === undefined ? {} : { Duration }),
    ...(ScheduleExpression === undefined ? {} : { ScheduleExpression }),
  };
}

/** AWSPENDING on the current version is what a success leaves. Anywhere else it is an unfinished rotation. */
function assertNothingPending(world: World, secret: Secret, lambda: LambdaFunction, id: string): void {
  const pending = labelled(secret, 'AWSPENDING');
  const leftover = pending !== undefined && pending !== labelled(secret, 'AWSCURRENT') && pending.id !== id;
  if (!leftover && !isOpen(secret.run)) return;
  if (leftover && !isOpen(secret.run) && world.habits.reattemptLeftover) {
    start(world, secret, lambda, pending.id, 'rotation');
  }
  throw new AwsError(
    'InvalidRequestException',
    "A previous rotation isn't complete. That rotation will be reattempted.",
  );
}

export function start(
  world: World,
  secret: Secret,
  lambda: LambdaFunction,
  id: string,
  kind: 'rotation' | 'test',
  windowEndsMs?: number,
): void {
  const current = labelled(secret, 'AWSCURRENT');
  if (current === undefined) {
    throw new AwsError('InvalidRequestException', `Secret ${secret.name} has no value with staging label AWSCURRENT.`);
  }
  const nowMs = world.clock.nowMs();
  const pending: Version = secret.versions.get(id) ?? {
    id,
    // A test gets a version that holds the current value; a rotation an empty one.
    value: kind === 'test' ? current.value : undefined,
    labels: new Set(),
    createdMs: nowMs,
    writtenBy: undefined,
    writtenMs: nowMs,
    hiddenReads: 0,
  };
  secret.versions.set(id, pending);
  attach(secret, 'AWSPENDING', pending);
  const run = openRun({ kind, token: id, rotationToken: randomUUID(), roleArn: lambda.role.arn, windowEndsMs });
  secret.run = run;
  world.background(`rotation of ${secret.name}`, () => drive(world, secret, lambda, run));
}
