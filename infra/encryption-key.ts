/**
 * One customer-managed key for secrets, logs and topic. See docs/decisions/0002-one-customer-managed-key.md.
 */
import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export class EncryptionKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Zabbix pre-shared keys: secrets, logs and alarms of their rotation',
      enableKeyRotation: true,
      // Secrets and logs outlive the stack, and nobody could read them without it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#openToLogs();
  }

  #openToLogs(): void {
    const { partition, region, account } = Stack.of(this);
    // CloudFormation names the groups <stack>-…; naming the groups themselves would make key and group wait for each other.
    const groups = `arn:${partition}:logs:${region}:${account}:log-group:${Aws.STACK_NAME}-*`;
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'EncryptLogsOfThisStack',
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
      }),
    );
  }
}
