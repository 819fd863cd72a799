import { existsSync } from 'node:fs';
import { z } from 'zod';
import { AwsError, NotImitated } from '../../aws-error.ts';
import { parsePolicy } from '../../iam/statement.ts';
import { findFunction } from '../../lambda/invoke.ts';
import { arn, generatedName } from '../../place.ts';
import { count, resourceType, tagList } from '../resource-type.ts';

const defaultTimeoutS = 3;
const defaultMemoryMb = 128;

export const lambdaFunction = resourceType(
  'AWS::Lambda::Function',
  z.strictObject({
    FunctionName: z.string().optional(),
    Description: z.string().optional(),
    Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
    Handler: z.string(),
    Runtime: z.enum(['nodejs22.x', 'nodejs24.x']),
    Architectures: z.array(z.enum(['arm64', 'x86_64'])).optional(),
    Role: z.string(),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()).optional() }).optional(),
    Timeout: count.optional(),
    MemorySize: count.optional(),
    ReservedConcurrentExecutions: count.optional(),
    LoggingConfig: z
      .strictObject({
        LogFormat: z.enum(['JSON', 'Text']).optional(),
        LogGroup: z.string().optional(),
        ApplicationLogLevel: z.string().optional(),
        SystemLogLevel: z.string().optional(),
      })
      .optional(),
    // Taken and without effect: networks, traces, disks and the encryption of variables are not imitated.
    VpcConfig: z.json().optional(),
    TracingConfig: z.json().optional(),
    EphemeralStorage: z.json().optional(),
    KmsKeyArn: z.string().optional(),
    RecursiveLoop: z.string().optional(),
    RuntimeManagementConfig: z.json().optional(),
    DeadLetterConfig: z.json().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.FunctionName ?? generatedName(stack.name, logicalId);
    const functionArn = arn(world.place, 'lambda', `function:${name}`);
    const codeDir = stack.assets.get(properties.Code.S3Key);
    if (codeDir === undefined || !existsSync(codeDir)) {
      throw new NotImitated(`${logicalId}: no asset folder for ${properties.Code.S3Key}`);
    }
    const role = world.roles.get(properties.Role);
    if (role === undefined) throw new NotImitated(`${logicalId}: role ${properties.Role} is not in the template`);
    const assume = { action: 'sts:AssumeRole', resource: role.arn, resourcePolicy: role.trust };
    const service = { kind: 'service', service: 'lambda.amazonaws.com', sourceArn: functionArn } as const;
    if (!world.permissions.may(service, assume)) {
      throw new AwsError(
        'InvalidParameterValueException',
        'The role defined for the function cannot be assumed by Lambda.',
      );
    }
    world.functions.set(functionArn, {
      name,
      arn: functionArn,
      logicalId,
      codeDir,
      handler: properties.Handler,
      environment: properties.Environment?.Variables ?? {},
      timeoutS: properties.Timeout ?? defaultTimeoutS,
      memoryMb: properties.MemorySize ?? defaultMemoryMb,
      role,
      logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      logFormat: properties.LoggingConfig?.LogFormat ?? 'Text',
      reservedConcurrency: properties.ReservedConcurrentExecutions,
      policy: [],
      asyncRetries: undefined,
    });
    return { ref: name, attributes: { Arn: functionArn } };
  },
);

/** Becomes one statement of the function's policy. */
export const lambdaPermission = resourceType(
  'AWS::Lambda::Permission',
  z.strictObject({
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceAccount: z.string().optional(),
    SourceArn: z.string().optional(),
  }),
  ({ properties, logicalId, world }) => {
    const lambda = findFunction(world, properties.FunctionName);
    const service = properties.Principal.endsWith('.amazonaws.com');
    const statements = parsePolicy(
      {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: service ? { Service: properties.Principal } : { AWS: properties.Principal },
            Action: properties.Action,
            Resource: lambda.arn,
            Condition: {
              ...(properties.SourceAccount === undefined
                ? {}
                : { StringEquals: { 'aws:SourceAccount': properties.SourceAccount } }),
              ...(properties.SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': properties.SourceArn } }),
            },
          },
        ],
      },
      logicalId,
      'resource',
    );
    lambda.policy = [...lambda.policy, ...statements];
    return { ref: logicalId };
  },
);

export const eventInvokeConfig = resourceType(
  'AWS::Lambda::EventInvokeConfig',
  z.strictObject({
    FunctionName: z.string(),
    Qualifier: z.literal('$LATEST'),
    MaximumRetryAttempts: count.optional(),
    MaximumEventAgeInSeconds: count.optional(),
  }),
  ({ properties, logicalId, world }) => {
    findFunction(world, properties.FunctionName).asyncRetries = properties.MaximumRetryAttempts;
    return { ref: logicalId };
  },
);
