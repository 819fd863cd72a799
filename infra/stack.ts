import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Access } from './access.ts';
import { Alarms } from './alarms.ts';
import { ConfigRules } from './config-rules.ts';
import { Documents } from './documents.ts';
import { EncryptionKey } from './encryption-key.ts';
import { EvidenceBucket } from './evidence-bucket.ts';
import { FailedRotations } from './failed-rotations.ts';
import { FingerprintKey } from './fingerprint-key.ts';
import type { Inventory } from './inventory.ts';
import { Repairer } from './repairer.ts';
import { Reporter } from './reporter.ts';
import { RotatedSecret } from './rotated-secret.ts';
import { Rotator } from './rotator.ts';
import { SigningKey } from './signing-key.ts';

/** Everything that one `cdk deploy` makes. It only composes; each part says what it is for. */
export class RotationStack extends Stack {
  constructor(scope: Construct, id: string, inventory: Inventory) {
    super(scope, id, { description: 'Rotates Zabbix pre-shared keys: safe, proven, reversible' });

    const key = new EncryptionKey(this, 'Key');
    const access = new Access(this, 'Access', key);
    const documents = new Documents(this, 'Documents', inventory.timeouts, inventory.zabbix);
    const evidenceBucket = new EvidenceBucket(this, 'Evidence', inventory.evidence, key);
    const fingerprintKey = new FingerprintKey(this, 'FingerprintKey', key);
    const parties = { key, access, documents, evidenceBucket, fingerprintKey, ...inventory };
    const rotator = new Rotator(this, 'Rotator', parties);
    const failedRotations = new FailedRotations(this, 'FailedRotations');
    const repairer = new Repairer(this, 'Repairer', { ...parties, rotator, failedRotations });

    let reporter: Reporter | undefined;
    if (inventory.report !== undefined) {
      // Of its own: only a super admin of Zabbix is told of proxies, autoregistration and users.
      const reportAccess = new Access(this, 'ReportAccess', key);
      const signingKey = inventory.report.sign ? new SigningKey(this, 'SigningKey') : undefined;
      const asReporter = { ...parties, access: reportAccess, rotator, signingKey, settings: inventory.report };
      reporter = new Reporter(this, 'Reporter', asReporter);
      if (signingKey !== undefined)
        this.#output('ReportSigningKey', 'Its public half verifies reports: aws kms get-public-key', signingKey.keyArn);
      this.#output('ReportAccessSecret', 'Put the API token of the report’s user here', reportAccess.secretArn);
      this.#output(
        'ReportFunction',
        'Test events: {"report": {}}, {"report": {"days": 366}}',
        reporter.function.functionName,
      );
    }

    const mayWait = inventory.zabbix.proxyConfigFrequencyS !== undefined;
    const watched = { rotator, repairer, reporter, failedRotations, mayWait };
    const alarms = new Alarms(this, 'Alarms', { settings: inventory.alarms, key, ...watched });
    if (inventory.configRules !== undefined) new ConfigRules(this, 'ConfigRules', inventory.configRules);

    const secrets = new Construct(this, 'Secrets');
    for (const entry of inventory.secrets) new RotatedSecret(secrets, { entry, key, rotator });

    const console = `https://${this.region}.console.aws.amazon.com`;
    this.#output('AccessSecret', 'Put the Zabbix API token here', access.secretArn);
    this.#output(
      'RotationFunction',
      'Test events: {"inspect": "<secret>"}, {"rotate": "<secret>"}',
      rotator.function.functionName,
    );
    this.#output('Log', 'Log group of the function', rotator.log.logGroupName);
    this.#output(
      'RepairFunction',
      'Test events: {"repair": "<secret>"}, {"repair": "all"}',
      repairer.function.functionName,
    );
    this.#output('EvidenceBucket', 'The record of every rotation', evidenceBucket.bucketName);
    this.#output('FailureTopic', 'Subscribe here to hear of failed rotations', alarms.topic.topicArn);
    this.#output(
      'FunctionConsole',
      'The function',
      `${console}/lambda/home?region=${this.region}#/functions/${rotator.function.functionName}`,
    );
    this.#output(
      'SecretsConsole',
      'The rotated secrets',
      `${console}/secretsmanager/listsecrets?region=${this.region}&search=name%3Dzabbix-psk`,
    );
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value });
  }
}
