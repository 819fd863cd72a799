/**
 * The rotation function: one for all secrets, called by Secrets Manager. What it may do is in `rotator-policy.ts`.
 */
import { Aws } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct, IDependable } from 'constructs';
import { RotatorPolicy } from './rotator-policy.ts';
import { ServiceFunction, type ServiceFunctionProps, type Task } from './service-function.ts';

const task: Task = {
  entry: 'lambda/rotate.ts',
  does: 'rotates Zabbix pre-shared keys',
  testEvents: '{"inspect": "<secret>"} or {"rotate": "<secret>"}',
  // Lambda's own repetition of a single step would run beside Secrets Manager's, on a credential that may have been rolled back.
  noReplay:
    'A step that failed must not be replayed from a queue, out of order and with a stale token: Secrets Manager repeats the whole rotation. Failures reach the topic twice, as event and as alarm.',
  noReservation:
    'Reserved concurrency takes its share from the account for ever, and a low one leaves rotations stuck. Secrets Manager decides how many secrets rotate at once.',
};

export class Rotator extends ServiceFunction {
  /** What must be in place before Secrets Manager may call the function. */
  readonly ready: readonly IDependable[];

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id, props, task);
    const policy = new RotatorPolicy(this, 'Policy', {
      ...props,
      role: this.role,
      rotator: this.function,
      log: this.log,
    });
    this.ready = [policy, this.#letSecretsManagerIn()];
  }

  /** `addRotationSchedule` would grant this without the account: any account's secret could then call the function. */
  #letSecretsManagerIn(): IDependable {
    const id = 'SecretsManager';
    this.function.addPermission(id, {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Aws.ACCOUNT_ID,
    });
    return this.function.node.findChild(id);
  }
}
