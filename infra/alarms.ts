/**
 * How a failed rotation or report reaches a human, by ways that do not depend on each other:
 * - Secrets Manager's own event, turned into one sentence. It names the secret, but comes by way of CloudTrail, best effort. Not where
 *   rotations may wait: what Secrets Manager tells of one that merely waits is not documented (docs/decisions/0010).
 * - an alarm on each function's error count, which Lambda keeps itself: it needs no trail and also sees a call that was
 *   ended by Lambda (time, memory, a broken deploy).
 */
import { Aws, Duration, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { FailedRotations } from './failed-rotations.ts';
import type { Alarms as AlarmSettings } from './inventory.ts';
import type { Repairer } from './repairer.ts';
import type { Reporter } from './reporter.ts';
import type { Rotator } from './rotator.ts';
import { article } from './runbook.ts';

export interface AlarmsProps {
  readonly settings: AlarmSettings;
  readonly key: IKey;
  readonly rotator: Rotator;
  readonly repairer: Repairer;
  /** Undefined: there is none. */
  readonly reporter: Reporter | undefined;
  readonly failedRotations: FailedRotations;
  /** Whether a rotation may wait for longer than an invocation lasts. */
  readonly mayWait: boolean;
}

export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    { settings, key, rotator, repairer, reporter, failedRotations, mayWait }: AlarmsProps,
  ) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Zabbix key rotation', masterKey: key, enforceSSL: true });
    if (settings.email !== undefined) this.#mailTo(settings.email);
    const articleOn = (id: string) => article(id, settings.runbook);
    if (!mayWait) this.#tell(failedRotations, rotator, articleOn('alarm-rotation-failed'));
    this.#letAlarmsIn(key, [
      this.#watchErrors(
        'StepFailed',
        rotator.function,
        `A step of a rotation of a Zabbix pre-shared key failed. The function has gone back where it could; its log says which target and what is true now. ${articleOn('alarm-step-failed')}`,
      ),
      this.#watchErrors(
        'RepairFailed',
        repairer.function,
        `An unfinished rotation of a Zabbix pre-shared key could not be brought to an end and may be stranded, or one that waited for a proxy has failed. The log of ${repairer.function.functionName} says which target, which key is where and what to run. ${articleOn('alarm-repair-failed')}`,
      ),
      ...(reporter === undefined
        ? []
        : [
            this.#watchErrors(
              'ReportFailed',
              reporter.function,
              `A report on Zabbix pre-shared keys was not made, so nobody has looked whether they are what they should be. The log of ${reporter.function.functionName} says what kept it. ${articleOn('alarm-report-failed')}`,
            ),
          ]),
    ]);
  }

  #mailTo(email: string): void {
    this.topic.addSubscription(new EmailSubscription(email));
    Validations.of(this.topic).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason:
        'SNS tries a mail for hours; what it gives up on is told by the alarm, which stays red in the console. A queue of undelivered notices would need a watcher of its own.',
    });
  }

  #tell(failedRotations: FailedRotations, rotator: Rotator, read: string): void {
    const secret = EventField.fromPath('$.detail.additionalEventData.SecretId');
    const event = EventField.fromPath('$.detail.eventName');
    const when = EventField.fromPath('$.time');
    // The target lets events.amazonaws.com publish and use the key, both without a condition: EventBridge sends neither account
    // nor rule when it asks KMS, and every message would be lost. A role instead of that fails with encrypted topics.
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    failedRotations.addTarget(
      new SnsTopic(this.topic, {
        message: RuleTargetInput.fromText(
          `Zabbix key rotation: ${event} for ${secret} at ${when}. ` +
            `The log of ${rotator.function.functionName} says which target, what was tried and what is true now; ` +
            `its test event inspect looks again and changes nothing. ${read}`,
        ),
      }),
    );
  }

  #watchErrors(id: string, lambda: IFunction, alarmDescription: string): Alarm {
    const alarm = new Alarm(this, id, {
      alarmDescription,
      metric: lambda.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // No rotation, no datapoint, no alarm.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  /** An encrypted topic can be published to only by who may use its key. */
  #letAlarmsIn(key: IKey, alarms: readonly Alarm[]): void {
    const fromHere = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsToEncryptedTopic',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: fromHere,
      }),
    );
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsMayPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ...fromHere, ArnLike: { 'aws:SourceArn': alarms.map(({ alarmArn }) => alarmArn) } },
      }),
    );
  }
}
