/** The gate that every call passes: asks the evaluator, remembers the answer, refuses in AWS's words. */
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Place } from '../place.ts';
import { nameOf, type Principal } from '../principal.ts';
import type { Records } from '../records.ts';
import type { Context } from './context.ts';
import { decide } from './decide.ts';
import { parsePolicy, type Statement } from './statement.ts';

export interface Access {
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
  readonly resourcePolicy?: readonly Statement[];
}

/** The person at the keyboard may do everything; only an explicit deny in a resource's policy stops them. */
const administrator = parsePolicy(
  { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
  'operator',
  'identity',
);

export class Permissions {
  readonly #place: Place;
  readonly #records: Records;
  readonly #clock: Clock;
  readonly #byTls: boolean;

  constructor(place: Place, records: Records, clock: Clock, byTls: boolean) {
    this.#place = place;
    this.#records = records;
    this.#clock = clock;
    this.#byTls = byTls;
  }

  /** @throws {AwsError} AccessDeniedException */
  require(principal: Principal, access: Access): void {
    const refusal = this.#refusal(principal, access);
    if (refusal !== undefined) throw new AwsError('AccessDeniedException', refusal);
  }

  /** For what services do on their own: a denial is remembered, the work silently does not happen, as on AWS. */
  may(principal: Principal, access: Access): boolean {
    return this.#refusal(principal, access) === undefined;
  }

  #refusal(principal: Principal, { action, resource, context = {}, resourcePolicy = [] }: Access): string | undefined {
    const decision = decide({
      principal,
      accountId: this.#place.accountId,
      action,
      resource,
      context: { ...this.#commonContext(principal), ...context },
      identityPolicy: identityPolicy(principal),
      resourcePolicy,
    });
    const record = { atMs: this.#clock.nowMs(), caller: nameOf(principal), action, resource, by: decision.by };
    if (decision.allowed) {
      this.#records.allowed.push(record);
      return undefined;
    }
    const message = `User: ${nameOf(principal)} is not authorized to perform: ${action} on resource: ${resource} ${
      decision.explicit
        ? `with an explicit deny in ${decision.by.map(({ policy, index }) => `${policy}[${index}]`).join(', ')}`
        : `because no ${principal.kind === 'service' ? 'resource' : 'identity'}-based policy allows the ${action} action`
    }`;
    this.#records.denials.push({ ...record, message });
    return message;
  }

  #commonContext(principal: Principal): Context {
    const common = {
      'aws:RequestedRegion': this.#place.region,
      'aws:ResourceAccount': this.#place.accountId,
      'aws:SecureTransport': String(this.#byTls),
      'aws:ViaAWSService': 'false',
      'aws:PrincipalIsAWSService': String(principal.kind === 'service'),
    };
    if (principal.kind === 'service') {
      return {
        ...common,
        'aws:PrincipalServiceName': principal.service,
        'aws:SourceAccount': this.#place.accountId,
        'aws:SourceArn': principal.sourceArn,
      };
    }
    return {
      ...common,
      'aws:PrincipalAccount': this.#place.accountId,
      'aws:PrincipalArn': principal.kind === 'role' ? principal.role.arn : principal.arn,
      ...(principal.kind === 'role' && principal.functionArn !== undefined
        ? { 'lambda:SourceFunctionArn': principal.functionArn }
        : {}),
    };
  }
}

function identityPolicy(principal: Principal): readonly Statement[] {
  switch (principal.kind) {
    case 'operator':
      return administrator;
    case 'role':
      return principal.role.statements;
    case 'service':
      return [];
  }
}
