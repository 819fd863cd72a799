/**
 * Everything that the report function may do, each statement beside the calls that need it. It can read secrets, ask nodes with
 * `inspect`, read records, and add reports and sign them; it can change no secret, no node and no record.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { secretNamePrefix } from '../lambda/contract.ts';
import type { FunctionPolicyProps } from './function-policy.ts';
import { rotatedSecretArns } from './rotated-secret.ts';
import type { SigningKey } from './signing-key.ts';

export interface ReporterPolicyProps extends Omit<FunctionPolicyProps, 'fingerprintKey'> {
  /** Undefined: reports are not signed. */
  readonly signingKey: SigningKey | undefined;
}

export class ReporterPolicy extends ManagedPolicy {
  constructor(
    scope: Construct,
    id: string,
    { role, rotator, log, key, documents, access, evidenceBucket, signingKey }: ReporterPolicyProps,
  ) {
    super(scope, id, { description: 'What the function that reports on Zabbix pre-shared keys may do', roles: [role] });
    const { region } = Stack.of(this);
    this.addStatements(
      // The keys of its versions, to be compared with those of Zabbix and of the nodes.
      new PolicyStatement({
        sid: 'CompareOwnSecrets',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [rotatedSecretArns(this)],
        conditions: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': rotator.functionArn } },
      }),
      // Names, dates and labels of every secret of the account, and no value.
      new PolicyStatement({ sid: 'ListSecrets', actions: ['secretsmanager:ListSecrets'], resources: ['*'] }),
      new PolicyStatement({
        sid: 'SignInToZabbix',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [access.secretArn],
      }),
      new PolicyStatement({
        sid: 'SecretsAreEncrypted',
        actions: ['kms:Decrypt'],
        resources: [key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
      }),
      ...evidenceBucket.mayAddReports(),
      ...(signingKey?.letSign(role) ?? []),
      ...documents.mayRunOnTaggedNodes(['inspect']),
      new PolicyStatement({
        sid: 'WriteOwnLog',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [log.logGroupArn],
      }),
    );
    this.#explainWildcards(evidenceBucket.allOf());
  }

  #explainWildcards(prefixes: readonly string[]): void {
    const here = '<AWS::Region>:<AWS::AccountId>';
    const nodes =
      'Nodes come and go without a deploy; the condition on their tag opens only those that were enabled for rotation.';
    Validations.of(this).acknowledge(
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:${here}:secret:${secretNamePrefix}*]`,
        reason:
          'Secrets come and go with the inventory; the condition AllowRotationLambdaArn opens only those that Secrets Manager rotates with the rotation function.',
      },
      { id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:${here}:instance/*]`, reason: nodes },
      { id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:${here}:managed-instance/*]`, reason: nodes },
      ...prefixes.map((prefix) => ({
        id: `AwsSolutions-IAM5[Resource::${prefix}]`,
        reason:
          'A report reads every record, the waivers and the report before it, and adds files of its own. Nothing that is there can be changed: Object Lock keeps it.',
      })),
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason:
          'Secrets Manager knows no resources for ListSecrets, nor Systems Manager for GetCommandInvocation, CancelCommand and DescribeInstanceInformation; a narrower resource would deny them.',
      },
    );
  }
}
