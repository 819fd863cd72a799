/** What must be true when a rotation that was cut short has come to its end. */
import type { Version } from '../aws/secrets-manager/secret.ts';
import type { Deployment } from '../deployment.ts';
import { eventually } from '../eventually.ts';
import type { LoggedFact } from '../logged-facts.ts';
import { type HeldVersion, labelled, leftOn } from '../suite/held.ts';
import { leftOfFirstKey } from './first-key.ts';
import type { Lane, Slot } from './lane.ts';

/** An active agent that was refused asks again after 60 s. */
const contactWithinS = 120;

/** Everything that is not as it must be, in sentences without keys. */
export async function endProblems(lane: Lane, slot: Slot, token: string, sinceMs: number): Promise<readonly string[]> {
  const { deployment } = lane;
  const { host, proxy, secret } = slot;
  const problems: string[] = [];
  const must = (holds: boolean, otherwise: string) => {
    if (!holds) problems.push(otherwise);
  };

  const current = labelled(deployment, secret, 'AWSCURRENT');
  if (current === undefined) return ['no version is AWSCURRENT'];
  if (current.psk === undefined) problems.push(...(await leftOfFirstKey(lane, slot)));
  else problems.push(...(await otherThan(slot, current)));
  must(leftLabels(deployment, secret).length === 0, `labels are left: ${leftLabels(deployment, secret).join(', ')}`);

  const left = await eventually(
    'the node is tidy',
    async () => ((await leftOn(host)).length === 0 ? 'nothing' : undefined),
    { withinS: 5, everyMs: 500 },
  ).catch(() => leftOn(host));
  must(left === 'nothing', `left on the node: ${String(left)}`);

  const ends = recordedEnds(deployment, secret, token);
  const outcomes = [...new Set(ends.map(({ outcome }) => String(outcome)))];
  must(outcomes.length === 1, `the rotation has ${outcomes.length} recorded ends (${outcomes.join(', ')})`);
  must(!outcomes.includes('stranded'), `recorded as stranded: ${ends.map(({ because }) => because).join('; ')}`);

  const late = deployment.cloud.invocations.filter(
    ({ atMs, error }) => atMs >= sinceMs && error?.errorType === 'Sandbox.Timedout',
  );
  must(late.length === 0, `a function ran into its time limit ${late.length} times`);

  await host.awaitValues(Date.now(), contactWithinS).catch((error: unknown) => {
    problems.push(
      `Zabbix hears nothing of the agent: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  });
  await proxy?.awaitSeen(Date.now(), contactWithinS).catch(() => problems.push('Zabbix hears nothing of the proxy'));
  return problems;
}

/** What is on another identity or key than the current ones: both programs of a machine that has two, and both objects. */
async function otherThan({ host, proxy }: Slot, current: HeldVersion): Promise<readonly string[]> {
  const problems: string[] = [];
  if (!host.exists(host.keyFile) || host.keyInPlace() !== current.psk)
    problems.push('the key file does not hold the key of AWSCURRENT');
  for (const [what, program] of Object.entries({ host, proxy })) {
    if (program === undefined) continue;
    if (program.identityInPlace() !== current.identity) problems.push(`the ${what} has not the identity of AWSCURRENT`);
    if (!(await program.zabbixHolds(current)))
      problems.push(`Zabbix does not hold the identity and key of AWSCURRENT for the ${what}`);
  }
  return problems;
}

/** Records of how a rotation ended; the same end may be told twice. */
export function recordedEnds(deployment: Deployment, secret: string, token: string): readonly LoggedFact[] {
  return deployment.facts(secret).filter((fact) => fact.event === 'rotation.ended' && fact.token === token);
}

/** An AWSPENDING that is not on the current version, and every mark of ours. */
export function leftLabels({ cloud }: Deployment, secret: string): readonly string[] {
  const held = [...cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
  const left = ({ labels }: Version, label: string) => labels.has(label) && !labels.has('AWSCURRENT');
  return [...(held?.versions.values() ?? [])].flatMap((version) => [
    ...(left(version, 'AWSPENDING') ? ['AWSPENDING'] : []),
    ...['ZABBIX_PSK_GOING_BACK', 'ZABBIX_PSK_UNRECORDED'].filter((mark) => version.labels.has(mark)),
  ]);
}
