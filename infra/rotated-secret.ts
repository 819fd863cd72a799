/**
 * One rotated credential: a secret and its schedule. CloudFormation makes the secret and never learns or writes its value.
 */
import { RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnRotationSchedule, Secret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { firstEncryptionTagKey, secretNamePrefix, secretTag } from '../lambda/contract.ts';
import type { SecretEntry } from './inventory/secrets.ts';
import type { Rotator } from './rotator.ts';

/**
 * The value until the operator puts the real one. A constant, down to the last letter and for ever: CloudFormation writes
 * a new value whenever these properties change, over the only copy of a key in use. See
 * docs/decisions/0001-secrets-begin-with-a-constant.md.
 */
export const rotatedSecretPlaceholder: SecretStringGenerator = {
  secretStringTemplate: '{"adopt":"put identity, psk and targets here; see README"}',
  generateStringKey: 'placeholder',
};

export interface RotatedSecretProps {
  readonly entry: SecretEntry;
  readonly key: IKey;
  readonly rotator: Rotator;
}

export class RotatedSecret extends Construct {
  constructor(scope: Construct, { entry, key, rotator }: RotatedSecretProps) {
    // A name may hold slashes, which separate the parts of a construct's path.
    super(scope, encodeURIComponent(entry.name));
    const secret = new Secret(this, 'Secret', {
      // Operators and their scripts know secrets by name, and the function's rights hang on the prefix.
      secretName: `${secretNamePrefix}${entry.name}`,
      description: 'A Zabbix pre-shared key and the targets that use it',
      encryptionKey: key,
      generateSecretString: rotatedSecretPlaceholder,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // CloudFormation changes a tag by itself: the value stays as it is. AWS Config's rules find the secret by it.
    Tags.of(secret).add(secretTag.key, secretTag.value);
    // The function asks for it where the secret says that its targets have no key, and nowhere else.
    if (entry.firstEncryption !== undefined) Tags.of(secret).add(firstEncryptionTagKey, entry.firstEncryption);
    const schedule = new CfnRotationSchedule(this, 'Schedule', {
      secretId: secret.secretArn,
      rotationLambdaArn: rotator.function.functionArn,
      // No deploy rotates. (Secrets Manager runs testSecret alone instead.)
      rotateImmediatelyOnUpdate: false,
      rotationRules: {
        scheduleExpression: entry.schedule,
        ...(entry.window === undefined ? {} : { duration: entry.window }),
      },
    });
    schedule.node.addDependency(...rotator.ready);
  }
}

/** Every secret whose name begins with the prefix, in this account and Region. */
export function rotatedSecretArns(scope: Construct): string {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${secretNamePrefix}*`;
}
