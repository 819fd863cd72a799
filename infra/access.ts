/**
 * What the function signs in to Zabbix with: an API token (6.0 with `script.execute`: user and password). The operator puts it
 * once; see README for its form.
 */
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** A constant for the same reason as the rotated secrets' own. */
export const accessPlaceholder: SecretStringGenerator = {
  secretStringTemplate: '{"adopt":"put the Zabbix API token here; see README"}',
  generateStringKey: 'placeholder',
};

export class Access extends Secret {
  constructor(scope: Construct, id: string, key: IKey) {
    super(scope, id, {
      description: 'How the rotation of pre-shared keys signs in to Zabbix',
      encryptionKey: key,
      generateSecretString: accessPlaceholder,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const reason =
      'Zabbix makes API tokens, and only an administrator of Zabbix can replace one; the token carries its own expiry date there.';
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-SMG4', reason },
      { id: 'NIST.800.53.R5-SecretsManagerRotationEnabled', reason },
    );
  }
}
