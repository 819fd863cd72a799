/**
 * The HMAC key by which records name keys without telling them. See docs/decisions/0008-records-of-rotations.md.
 */
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** 64 letters and digits hold more than 256 bits. For ever as it is: CloudFormation makes another value when these properties change. */
export const fingerprintKeyGenerator: SecretStringGenerator = { passwordLength: 64, excludePunctuation: true };

export class FingerprintKey extends Secret {
  constructor(scope: Construct, id: string, key: IKey) {
    super(scope, id, {
      description: 'HMAC key of the fingerprints in the records of rotations of Zabbix pre-shared keys',
      encryptionKey: key,
      generateSecretString: fingerprintKeyGenerator,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const reason =
      'With another key the same Zabbix key would have another fingerprint, and the records of years could not be compared with each other any more. It opens nothing: it only lets its reader test guesses.';
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-SMG4', reason },
      { id: 'NIST.800.53.R5-SecretsManagerRotationEnabled', reason },
    );
  }
}
