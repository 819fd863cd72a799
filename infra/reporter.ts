/**
 * The report function: compares secrets, Zabbix and nodes, and puts a report into the evidence bucket. What it may do is in
 * `reporter-policy.ts`.
 */
import { Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { environmentKeys } from '../lambda/contract.ts';
import type { Report } from './inventory.ts';
import { ReporterPolicy } from './reporter-policy.ts';
import type { Rotator } from './rotator.ts';
import { ServiceFunction, type ServiceFunctionProps, type Task } from './service-function.ts';
import type { SigningKey } from './signing-key.ts';

const task: Task = {
  entry: 'lambda/report.ts',
  does: 'reports which Zabbix pre-shared keys are in use, how old they are and what differs',
  testEvents: '{"report": {}} or {"report": {"days": 366}}',
  noReplay:
    'A report that failed is not replayed: whoever waits for it asks again, and the schedule comes back. It changes nothing that would have to be put in order.',
  noReservation:
    'Reserved concurrency takes its share from the account for ever. Two reports at once are two folders, so they need not be kept apart.',
  beside: ['lambda/reports/page/page.css', 'lambda/reports/page/page.js'],
};

export interface ReporterProps extends ServiceFunctionProps {
  readonly rotator: Rotator;
  /** Undefined: reports are not signed. */
  readonly signingKey: SigningKey | undefined;
  readonly settings: Report;
}

export class Reporter extends ServiceFunction {
  constructor(scope: Construct, id: string, { rotator, signingKey, settings, ...props }: ReporterProps) {
    super(scope, id, props, task);
    const its = { role: this.role, rotator: rotator.function, log: this.log, signingKey };
    new ReporterPolicy(this, 'Policy', { ...props, ...its });
    if (signingKey !== undefined) this.function.addEnvironment(environmentKeys.signingKey, signingKey.keyArn);
    const rule = new Rule(this, 'Regularly', {
      description: 'Asks for a report',
      schedule: Schedule.expression(settings.schedule),
      targets: [new LambdaFunction(this.function, { event: RuleTargetInput.fromObject({ report: {} }) })],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'A report that was not asked for is missed by whoever reads reports, and can be asked for at any time.',
    });
  }
}
