/** Policy statements as a template holds them. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

type Policies = Record<
  string,
  { Properties?: { PolicyDocument?: { Statement: Statement[] }; Roles?: readonly unknown[] } }
>;

export function statementsOf(policies: Policies): Statement[] {
  return Object.values(policies).flatMap(({ Properties }) => Properties?.PolicyDocument?.Statement ?? []);
}

/** Those that hang on the role whose logical id begins with this. */
export function statementsOfRole(policies: Policies, role: string): Statement[] {
  const its = Object.entries(policies).filter(([, { Properties }]) =>
    JSON.stringify(Properties?.Roles).includes(`{"Ref":"${role}`),
  );
  return statementsOf(Object.fromEntries(its));
}

/** Every policy statement anywhere in a template: identity, key, topic, trust. */
export function allStatements(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === 'Statement' && Array.isArray(child) ? child.filter(isStatement) : allStatements(child),
  );
}

function isStatement(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null && 'Effect' in value && 'Action' in value;
}

export function actions({ Action }: Statement): string[] {
  return [Action].flat();
}
