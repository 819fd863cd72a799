/** A policy document, parsed. Anything in it that the evaluator could not judge is refused here, when the template is loaded. */
import { z } from 'zod';
import { NotImitated } from '../aws-error.ts';
import type { Json } from '../json.ts';
import { assertKnownKey } from './context.ts';
import { assertKnownOperator } from './operators.ts';

/** Which statement it was: logical id of the resource that holds the policy, position in it, Sid. */
export interface StatementSource {
  readonly policy: string;
  readonly index: number;
  readonly sid?: string | undefined;
}

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly source: StatementSource;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly notActions: boolean;
  readonly resources: readonly string[];
  readonly notResources: boolean;
  /** Undefined in an identity policy. */
  readonly principals: readonly PrincipalPattern[] | undefined;
  readonly conditions: readonly Condition[];
}

export type PrincipalPattern =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'aws'; readonly value: string }
  | { readonly kind: 'service'; readonly value: string };

const oneOrMany = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());
const scalars = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
  .transform((value) => [value].flat().map(String));

const statementShape = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Principal: z
    .union([z.literal('*'), z.strictObject({ AWS: oneOrMany.optional(), Service: oneOrMany.optional() })])
    .optional(),
  Condition: z.record(z.string(), z.record(z.string(), scalars)).optional(),
});

const documentShape = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.union([statementShape, z.array(statementShape)]).transform((value) => [value].flat()),
});

export function parsePolicy(document: Json, policy: string, kind: 'identity' | 'resource'): readonly Statement[] {
  const parsed = documentShape.safeParse(document);
  if (!parsed.success) throw new NotImitated(`policy ${policy}: ${z.prettifyError(parsed.error)}`);
  return parsed.data.Statement.map((statement, index): Statement => {
    const where = `policy ${policy}, statement ${index}`;
    const actions = statement.Action ?? statement.NotAction;
    const resources = statement.Resource ?? statement.NotResource;
    if (actions === undefined) throw new NotImitated(`${where} has neither Action nor NotAction`);
    if (resources === undefined) throw new NotImitated(`${where} has neither Resource nor NotResource`);
    if ((kind === 'resource') !== (statement.Principal !== undefined)) {
      throw new NotImitated(`${where}: a Principal belongs in a resource policy and only there`);
    }
    const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]): Condition => ({ operator, key, values })),
    );
    for (const { operator, key } of conditions) {
      assertKnownOperator(operator, where);
      assertKnownKey(key, where);
    }
    for (const text of [...resources, ...conditions.flatMap(({ values }) => values)]) {
      if (text.includes('${')) throw new NotImitated(`${where}: policy variables are not imitated (${text})`);
    }
    return {
      source: { policy, index, sid: statement.Sid },
      effect: statement.Effect,
      actions,
      notActions: statement.Action === undefined,
      resources,
      notResources: statement.Resource === undefined,
      principals: statement.Principal === undefined ? undefined : principalPatterns(statement.Principal),
      conditions,
    };
  });
}

function principalPatterns(
  principal: '*' | { AWS?: string[] | undefined; Service?: string[] | undefined },
): readonly PrincipalPattern[] {
  if (principal === '*') return [{ kind: 'anyone' }];
  return [
    ...(principal.AWS ?? []).map(
      (value): PrincipalPattern => (value === '*' ? { kind: 'anyone' } : { kind: 'aws', value }),
    ),
    ...(principal.Service ?? []).map((value): PrincipalPattern => ({ kind: 'service', value })),
  ];
}
