/** Customer keys. Nothing is encrypted here; what is imitated is who may use a key, through which service, and what one signs. */
import type { KeyObject } from 'node:crypto';
import { AwsError, NotImitated } from '../aws-error.ts';
import type { Context } from '../iam/context.ts';
import type { Access } from '../iam/permissions.ts';
import type { Statement } from '../iam/statement.ts';
import type { Principal } from '../principal.ts';
import type { World } from '../world.ts';

export interface Key {
  readonly arn: string;
  readonly id: string;
  readonly logicalId: string;
  readonly policy: readonly Statement[];
  /** Of a key that signs; undefined: it encrypts. */
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
  /** False: disabled by somebody, which no template does here. */
  enabled: boolean;
}

export type KeyUse = 'kms:Decrypt' | 'kms:GenerateDataKey';

export function findKey(world: World, idOrArnOrAlias: string): Key {
  const key = lookUp(world, idOrArnOrAlias);
  if (key === undefined) throw new NotImitated(`KMS key ${idOrArnOrAlias} is not in the template`);
  return key;
}

function lookUp(world: World, idOrArnOrAlias: string): Key | undefined {
  const name = idOrArnOrAlias.replace(/^arn:[^:]+:kms:[^:]+:[^:]+:(?=alias\/)/, '');
  const arn = world.keyAliases.get(name) ?? idOrArnOrAlias;
  return world.keys.get(arn) ?? [...world.keys.values()].find(({ id }) => id === idOrArnOrAlias);
}

/** A call of KMS itself on one key: both its own policy and the caller's are asked. */
export function keyAccess(world: World, action: string, KeyId: string, context: Context = {}): Access {
  const { arn, policy } = existingKey(world, KeyId);
  const caller = { 'kms:CallerAccount': world.place.accountId };
  return { action, resource: arn, resourcePolicy: policy, context: { ...caller, ...context } };
}

export function usableKey(world: World, KeyId: string): Key {
  const key = existingKey(world, KeyId);
  if (!key.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
  return key;
}

function existingKey(world: World, KeyId: string): Key {
  const key = lookUp(world, KeyId);
  if (key === undefined) throw new AwsError('NotFoundException', `Key '${KeyId}' does not exist`);
  return key;
}

/** A secret under a customer key: the caller needs the key itself, through Secrets Manager, for this secret. */
export function requireSecretKey(
  world: World,
  principal: Principal,
  uses: readonly KeyUse[],
  secret: { readonly arn: string; readonly kmsKeyId: string | undefined },
): void {
  if (secret.kmsKeyId === undefined || secret.kmsKeyId === 'alias/aws/secretsmanager') return;
  const key = findKey(world, secret.kmsKeyId);
  if (!key.enabled) throw keyUnusable(uses);
  const context: Context = {
    'kms:ViaService': `secretsmanager.${world.place.region}.amazonaws.com`,
    'kms:CallerAccount': world.place.accountId,
    'kms:EncryptionContext:SecretARN': secret.arn,
    'aws:ViaAWSService': 'true',
  };
  for (const action of uses) {
    const access = { action, resource: key.arn, context, resourcePolicy: key.policy };
    if (!world.permissions.may(principal, access)) {
      throw new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
    }
  }
}

/** In the words of the Secrets Manager API reference (errors of PutSecretValue and GetSecretValue). */
function keyUnusable(uses: readonly KeyUse[]): AwsError {
  return uses.includes('kms:GenerateDataKey')
    ? new AwsError(
        'EncryptionFailure',
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.",
      )
    : new AwsError(
        'DecryptionFailure',
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
      );
}

/**
 * An encrypted topic: the service that publishes needs the key too. AWS's own key for SNS can be opened to nobody, so alarms
 * and rules cannot publish to a topic under it.
 * @see https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
 */
export function mayUseTopicKey(world: World, principal: Principal, kmsKeyId: string | undefined): boolean {
  if (kmsKeyId === undefined) return true;
  if (/(^|:)alias\/aws\/sns$/.test(kmsKeyId)) {
    return (
      principal.kind !== 'service' ||
      world.permissions.may(principal, { action: 'kms:GenerateDataKey', resource: `key of ${kmsKeyId}` })
    );
  }
  const key = findKey(world, kmsKeyId);
  return (['kms:GenerateDataKey', 'kms:Decrypt'] as const).every((action) =>
    world.permissions.may(principal, { action, resource: key.arn, resourcePolicy: key.policy }),
  );
}

/** CloudWatch Logs tries the key when a group is put under it. */
export function requireLogKey(world: World, groupArn: string, kmsKeyId: string | undefined): void {
  if (kmsKeyId === undefined) return;
  const key = findKey(world, kmsKeyId);
  const principal = {
    kind: 'service',
    service: `logs.${world.place.region}.amazonaws.com`,
    sourceArn: groupArn,
  } as const;
  const context: Context = { 'kms:EncryptionContext:aws:logs:arn': groupArn };
  for (const action of ['kms:DescribeKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:GenerateDataKey']) {
    if (!world.permissions.may(principal, { action, resource: key.arn, context, resourcePolicy: key.policy })) {
      throw new AwsError(
        'InvalidParameterException',
        `The specified KMS key does not exist or is not allowed to be used with LogGroup '${groupArn}'`,
      );
    }
  }
}
