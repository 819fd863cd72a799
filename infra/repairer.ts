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

/**
 * A rotation that waits for a passive proxy before 7.0 is looked at so often: when its node has rebooted it must go back before the proxy
 * takes the new key.
 */
const lookAtWaitingEvery = Duration.minutes(5);

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
    this.#look('Regularly', 'Lets the repair function look for unfinished rotations', lookEvery, 'all');
    if (props.zabbix.proxyConfigFrequencyS !== undefined)
      this.#look('Waiting', 'Lets the repair function look after rotations that wait', lookAtWaitingEvery, 'waiting');
  }

  /** Secrets Manager's event comes by way of CloudTrail, best effort: this finds what nobody told of. */
  #look(id: string, description: string, every: Duration, repair: 'all' | 'waiting'): void {
    const rule = new Rule(this, id, {
      description,
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(this.function, { event: RuleTargetInput.fromObject({ repair }) })],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason:
        'A look that could not be delivered is not missed: the next one comes within the hour and finds the same.',
    });
  }
}
