/**
 * Allowed or not, by the rules of one account: an explicit deny wins; otherwise an allow in an identity policy or an allow that
 * names the caller in the resource's policy is enough. A KMS key is different: only its own policy opens it, and identity
 * policies count only where that policy hands the decision to the account.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import type { Principal } from '../principal.ts';
import { type Context, valuesOf } from './context.ts';
import { globMatches } from './match.ts';
import { conditionHolds } from './operators.ts';
import type { Statement, StatementSource } from './statement.ts';

export interface Question {
  readonly principal: Principal;
  readonly accountId: string;
  readonly action: string;
  /** ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  readonly context: Context;
  readonly identityPolicy: readonly Statement[];
  readonly resourcePolicy: readonly Statement[];
}

export type Decision =
  | { readonly allowed: true; readonly by: readonly StatementSource[] }
  | { readonly allowed: false; readonly explicit: boolean; readonly by: readonly StatementSource[] };

export function decide(question: Question): Decision {
  const identity = question.identityPolicy.filter((statement) => applies(statement, question));
  const resource = question.resourcePolicy.filter((statement) => applies(statement, question));
  const reach = (statement: Statement) => principalReach(statement, question);

  const denies = [
    ...identity.filter(({ effect }) => effect === 'Deny'),
    ...resource.filter((statement) => statement.effect === 'Deny' && reach(statement) !== 'none'),
  ];
  if (denies.length > 0) return { allowed: false, explicit: true, by: denies.map(({ source }) => source) };

  const identityAllows = identity.filter(({ effect }) => effect === 'Allow');
  const named = resource.filter((statement) => statement.effect === 'Allow' && reach(statement) === 'caller');
  const delegated = resource.filter((statement) => statement.effect === 'Allow' && reach(statement) === 'account');
  const isKey = question.action.startsWith('kms:');
  const throughIdentity = isKey && delegated.length === 0 ? [] : identityAllows;
  const handsOver = isKey && throughIdentity.length > 0 ? delegated : [];
  const by = [...named, ...throughIdentity, ...handsOver].map(({ source }) => source);
  return by.length > 0 ? { allowed: true, by } : { allowed: false, explicit: false, by: [] };
}

function applies(statement: Statement, { action, resource, context }: Question): boolean {
  const lower = action.toLowerCase();
  const actionNamed = statement.actions.some((pattern) => globMatches(pattern.toLowerCase(), lower));
  const resourceNamed = statement.resources.some((pattern) => globMatches(pattern, resource));
  return (
    actionNamed !== statement.notActions &&
    resourceNamed !== statement.notResources &&
    statement.conditions.every(({ operator, key, values }) => conditionHolds(operator, values, valuesOf(context, key)))
  );
}

/** `account`: the statement names the account as a whole, which grants nothing by itself outside KMS. */
function principalReach(statement: Statement, { principal, accountId }: Question): 'caller' | 'account' | 'none' {
  const reaches = (statement.principals ?? []).map((pattern) => {
    if (pattern.kind === 'anyone') return 'caller';
    if (pattern.kind === 'service') {
      return principal.kind === 'service' && pattern.value === principal.service ? 'caller' : 'none';
    }
    if (principal.kind === 'service') return 'none';
    if (pattern.value === accountId || pattern.value.endsWith(`:${accountId}:root`)) return 'account';
    if (pattern.value === principal.arn) return 'caller';
    return principal.kind === 'role' && pattern.value === principal.role.arn ? 'caller' : 'none';
  });
  return reaches.includes('caller') ? 'caller' : reaches.includes('account') ? 'account' : 'none';
}
