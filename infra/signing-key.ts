/**
 * The key that reports are signed with. Its private half never leaves KMS; the public one lies beside every report. See
 * docs/report.md.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export class SigningKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Signs the reports on Zabbix pre-shared keys',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      // Instead of CDK's own, which would let everybody sign whom the account lets use KMS.
      policy: new PolicyDocument({ statements: [accountAdministers()] }),
      // Whoever verifies an old report compares its key with this one.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Every right that signing takes. The key itself lets nobody but this role sign, whatever else the account allows. */
  letSign(role: Role): PolicyStatement[] {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ReportFunctionSigns',
        // To the account and not to the role: so the role's own policy must allow it as well, as for everything it does.
        principals: [new AccountRootPrincipal()],
        actions: ['kms:Sign'],
        resources: ['*'],
        conditions: { ArnEquals: { 'aws:PrincipalArn': role.roleArn } },
      }),
    );
    return [
      new PolicyStatement({
        sid: 'SignReports',
        actions: ['kms:Sign'],
        resources: [this.keyArn],
        conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } },
      }),
      new PolicyStatement({ sid: 'TellSigningKey', actions: ['kms:GetPublicKey'], resources: [this.keyArn] }),
    ];
  }
}

/**
 * Whom the account's policies let administer keys. Neither signing nor grants, which would let others sign, are among it: to sign as
 * somebody else, one must change the policy of the key, and CloudTrail tells of that.
 */
function accountAdministers(): PolicyStatement {
  return new PolicyStatement({
    sid: 'AccountAdministers',
    principals: [new AccountRootPrincipal()],
    actions: [
      'kms:CancelKeyDeletion',
      'kms:DescribeKey',
      'kms:DisableKey',
      'kms:EnableKey',
      'kms:GetKeyPolicy',
      'kms:GetKeyRotationStatus', // CloudFormation asks for it, whatever the key
      'kms:GetPublicKey',
      'kms:ListResourceTags',
      'kms:PutKeyPolicy',
      'kms:ScheduleKeyDeletion',
      'kms:TagResource',
      'kms:UntagResource',
      'kms:UpdateKeyDescription',
    ],
    resources: ['*'],
  });
}
