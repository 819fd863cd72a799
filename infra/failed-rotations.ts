/**
 * Secrets Manager's own event of a failed or abandoned rotation of our secrets: told to a human and to the repair function. It comes
 * by way of CloudTrail, best effort.
 */
import { Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { rotatedSecretArns } from './rotated-secret.ts';

export class FailedRotations extends Rule {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'A rotation of a Zabbix pre-shared key failed or was abandoned',
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['AWS Service Event via CloudTrail'],
        detail: {
          eventName: ['RotationFailed', 'RotationAbandoned'],
          additionalEventData: { SecretId: [{ prefix: rotatedSecretArns(scope).replace(/\*$/, '') }] },
        },
      },
    });
    Validations.of(this).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason:
        'EventBridge tries for 24 hours to deliver. A queue of undelivered notices would need a watcher of its own; the alarm on errors tells the same failure by another way, and the repair function looks every hour by itself.',
    });
  }
}
