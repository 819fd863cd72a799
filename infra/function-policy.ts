/**
 * What the rotation and the repair function both need, each statement beside the calls that need it.
 *
 * A managed policy, not the role's default policy: the statements may name the function, and the function waits for the role
 * with everything that belongs to it.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { secretNamePrefix, type Verb } from '../lambda/contract.ts';
import type { Access } from './access.ts';
import type { Documents } from './documents.ts';
import type { EvidenceBucket } from './evidence-bucket.ts';
import type { FingerprintKey } from './fingerprint-key.ts';
import type { Reload } from './reload.ts';
import { rotatedSecretArns } from './rotated-secret.ts';

export interface FunctionPolicyProps {
  readonly role: Role;
  /** The function that Secrets Manager rotates our secrets with. */
  readonly rotator: IFunction;
  readonly log: ILogGroup;
  readonly key: IKey;
  readonly documents: Documents;
  readonly access: Access;
  readonly evidenceBucket: EvidenceBucket;
  readonly fingerprintKey: FingerprintKey;
  /** Absent: nobody may send the document of that name. */
  readonly reload?: Reload;
}

/** What one function may do that the other may not. */
export interface Rights {
  /** Ends the sentence "What the function that … may do". */
  readonly does: string;
  /** Sid and actions of the statement on the rotated secrets. */
  readonly onSecrets: { readonly sid: string; readonly actions: readonly string[] };
  readonly onKey: readonly string[];
  readonly verbs: readonly Verb[];
  /** Calls that know no resources, for the reason given to the rule books. */
  readonly everywhere: string;
}

export abstract class FunctionPolicy extends ManagedPolicy {
  constructor(
    scope: Construct,
    id: string,
    { role, rotator, log, key, documents, access, evidenceBucket, fingerprintKey, reload }: FunctionPolicyProps,
    { does, onSecrets, onKey, verbs, everywhere }: Rights,
  ) {
    super(scope, id, { description: `What the function that ${does} may do`, roles: [role] });
    const { region } = Stack.of(this);

    // Two locks: the name's prefix, and that Secrets Manager rotates the secret with the rotation function. A secret of
    // another function stays closed even if somebody names it zabbix-psk/….
    this.addStatements(
      new PolicyStatement({
        sid: onSecrets.sid,
        actions: [...onSecrets.actions],
        resources: [rotatedSecretArns(this)],
        conditions: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': rotator.functionArn } },
      }),
      new PolicyStatement({
        sid: 'SignInToZabbix',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [access.secretArn],
      }),
      new PolicyStatement({
        sid: 'NameKeysInRecords',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [fingerprintKey.secretArn],
      }),
      ...evidenceBucket.mayKeepRecords(),
      documents.mayBeDescribed(),
      // Secrets Manager uses the key in the name of its caller; directly, the function cannot use it.
      new PolicyStatement({
        sid: 'SecretsAreEncrypted',
        actions: [...onKey],
        resources: [key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
      }),
      ...documents.mayRunOnTaggedNodes(verbs.filter((verb) => verb !== 'reload' || reload !== undefined)),
      // Lambda writes the log in the function's name.
      new PolicyStatement({
        sid: 'WriteOwnLog',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [log.logGroupArn],
      }),
    );
    this.#explainWildcards(everywhere, evidenceBucket.allRecords);
  }

  #explainWildcards(everywhere: string, allRecords: string): void {
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
      {
        id: `AwsSolutions-IAM5[Resource::${allRecords}]`,
        reason:
          'Every rotation adds a record. It can only be added: the policy of the bucket lets nothing be written over, and Object Lock keeps what is there.',
      },
      { id: 'AwsSolutions-IAM5[Resource::*]', reason: everywhere },
    );
  }
}
