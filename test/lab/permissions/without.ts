/** The stack without some of the statements of its policies. */
import { globMatches } from '../aws/iam/match.ts';
import { readCdkOut } from '../aws/template/read-cdk-out.ts';
import { statementsOf, type TemplateStatement } from '../aws/template/statements.ts';
import { type Deployment, type DeploymentOptions, deploy } from '../deployment.ts';
import type { Synthesized } from '../synthesize.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';

/** A rotation that fails is not repeated, and no deployment tries rotations: neither is what is looked at here. */
const quick = { habits: { rotationRetries: 0, testRotationAtDeploy: false } } as const satisfies DeploymentOptions;
/** The function cancels what is still Pending long after it should have been given up. */
export const late = { habits: { ...quick.habits, undeliveredNoticedMs: 20_000 } } as const satisfies DeploymentOptions;

export type Without = (labels: readonly string[], look: (stack: Deployment) => Promise<void>) => Promise<void>;

/** Labels of the statements that allow something, in order. */
export function allowing(synthesized: Synthesized): readonly string[] {
  return statementsIn(synthesized)
    .filter(({ effect }) => effect === 'Allow')
    .map(({ label }) => label)
    .sort();
}

/**
 * Deploys the stack without these statements for as long as `look` takes.
 * @throws {Error} when something else was denied, too
 */
export async function withoutStatements(
  zabbix: ZabbixLab,
  synthesized: Synthesized,
  labels: readonly string[],
  look: (stack: Deployment) => Promise<void>,
): Promise<void> {
  const statements = statementsIn(synthesized);
  const removed = labels.map((label) => {
    const found = statements.find((one) => one.label === label);
    if (found === undefined) throw new Error(`the template has no statement ${label}`);
    return found;
  });
  // From the last to the first, so that the positions of the others stay.
  const edit: DeploymentOptions['edit'] = (template) =>
    removed.reduceRight((whole, one) => one.without(whole), template);
  const stack = await deploy(zabbix, synthesized, { ...quick, edit });
  try {
    await look(stack);
    const actions = removed.flatMap((one) => one.actions);
    for (const { action, message } of stack.cloud.denials)
      if (!actions.some((pattern) => globMatches(pattern, action))) throw new Error(`denied as well: ${message}`);
  } finally {
    await stack.close();
  }
}

function statementsIn({ cdkOut }: Synthesized): readonly TemplateStatement[] {
  return statementsOf(readCdkOut(cdkOut).template);
}
