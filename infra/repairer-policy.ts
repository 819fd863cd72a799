/**
 * Everything that the repair function may do, with `function-policy.ts`. It can neither mint a key, nor start a rotation, nor
 * move an agent forward: whatever its code did, it could only look, promote what is in use already, and go back.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { FunctionPolicy, type FunctionPolicyProps, type Rights } from './function-policy.ts';

const rights: Rights = {
  does: 'repairs unfinished rotations of Zabbix pre-shared keys',
  onSecrets: {
    sid: 'RepairOwnSecrets',
    actions: [
      'secretsmanager:DescribeSecret', // which version is unfinished, and whether somebody takes it back
      'secretsmanager:GetSecretValue', // the key in use, the key that was to come
      'secretsmanager:UpdateSecretVersionStage', // promotes what every target works with; otherwise marks, and drops AWSPENDING
    ],
  },
  onKey: ['kms:Decrypt'],
  // It gives keys back, and whoever waits for the old one should wait no longer than for the new one.
  verbs: ['inspect', 'restore', 'forget', 'reload'],
  everywhere:
    'Secrets Manager knows no resources for ListSecrets, nor Systems Manager for GetCommandInvocation, CancelCommand and DescribeInstanceInformation; a narrower resource would deny them.',
};

export class RepairerPolicy extends FunctionPolicy {
  constructor(scope: Construct, id: string, props: FunctionPolicyProps) {
    super(scope, id, props, rights);
    this.addStatements(
      // {"repair": "all"}. It tells names and labels of every secret of the account, and no value.
      new PolicyStatement({ sid: 'FindUnfinished', actions: ['secretsmanager:ListSecrets'], resources: ['*'] }),
    );
  }
}
