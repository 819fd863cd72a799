/**
 * The repair function: brings to an end what a rotation left unfinished. What it may do is in `repairer-policy.ts`.
 */
import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { FailedRotations } from './failed-rotations.ts';
import { RepairerPolicy } from './repairer-policy.ts';
import type { Rotator } from './rotator.ts';
import { ServiceFunction, type ServiceFunctionProps, type Task } from './service-function.ts';

const task: Task = {
  entry: 'lambda/repair.ts',
  does: 'repairs unfinished rotations of Zabbix pre-shared keys',
  testEvents: '{"repair": "<secret>"} or {"repair": "all"}',
  noReplay:
    'A repair that failed is not replayed: the schedule calls the function again within the hour, and it asks anew what is true. Its failures reach the topic as an alarm.',
  noReservation:
    'Reserved concurrency takes its share from the account for ever. Two repairs of one secret at once come to the same end, so they need not be kept apart.',
};

/** A rotation whose event never came is looked after within two hours: the function leaves alone what has moved in the last one. */
const lookEvery = Duration.hours(1);

export interface RepairerProps extends ServiceFunctionProps {
  readonly rotator: Rotator;
  readonly failedRotations: FailedRotations;
}

export class Repairer extends ServiceFunction {
  constructor(scope: Construct, id: string, { rotator, failedRotations, ...props }: RepairerProps) {
    super(scope, id, props, task);
    new RepairerPolicy(this, 'Policy', { ...props, role: this.role, rotator: rotator.function, log: this.log });
    failedRotations.addTarget(new LambdaFunction(this.function));
    this.#lookRegularly();
  }

  /** Secrets Manager's event comes by way of CloudTrail, best effort: this finds what nobody told of. */
  #lookRegularly(): void {
    const rule = new Rule(this, 'Regularly', {
      description: 'Lets the repair function look for unfinished rotations',
      schedule: Schedule.rate(lookEvery),
      targets: [new LambdaFunction(this.function, { event: RuleTargetInput.fromObject({ repair: 'all' }) })],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason:
        'A look that could not be delivered is not missed: the next one comes within the hour and finds the same.',
    });
  }
}
