/**
 * Everything that the rotation function may do, with `function-policy.ts`.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { verbs } from '../lambda/contract.ts';
import { FunctionPolicy, type FunctionPolicyProps, type Rights } from './function-policy.ts';

const rights: Rights = {
  does: 'rotates Zabbix pre-shared keys',
  onSecrets: {
    sid: 'RotateOwnSecrets',
    actions: [
      'secretsmanager:DescribeSecret', // every step: labels, and whether rotation is enabled
      'secretsmanager:GetSecretValue', // the key in use, the key to come
      'secretsmanager:PutSecretValue', // createSecret parks the new key
      'secretsmanager:UpdateSecretVersionStage', // finishSecret promotes; going back marks the version and drops AWSPENDING
      'secretsmanager:RotateSecret', // the console's {"rotate": …}
    ],
  },
  onKey: ['kms:Decrypt', 'kms:GenerateDataKey'],
  verbs,
  everywhere:
    'Systems Manager knows no resources for GetCommandInvocation, CancelCommand and DescribeInstanceInformation; a narrower resource would deny them.',
};

export class RotatorPolicy extends FunctionPolicy {
  constructor(scope: Construct, id: string, props: FunctionPolicyProps) {
    super(scope, id, props, rights);
    this.addStatements(
      // RotateSecret asks whether its caller may invoke the rotation function.
      new PolicyStatement({
        sid: 'RotateSecretInvokesItself',
        actions: ['lambda:InvokeFunction'],
        resources: [props.rotator.functionArn],
      }),
    );
  }
}
