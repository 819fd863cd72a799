/** How every fault must end: the agent and Zabbix share a key, it is AWSCURRENT, values flow, nothing is left and nothing told. */
import { expect } from 'vitest';
import type { RotationEnd } from '../aws/rotation-end.ts';
import { eventually } from '../eventually.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { labelled, leftOn } from './held.ts';

/** `new`: the rotation's own key. `old`: the one before. `either`: whichever of the two, as long as all agree. */
export type EndsOn = 'new' | 'old' | 'either';

export async function sharesOneKey(lab: Lab, host: SmallHost, end: RotationEnd, endsOn: EndsOn): Promise<void> {
  const secret = host.computerName;
  // A repair may still be at it when Secrets Manager has given the rotation up.
  await eventually('the rotation has an end', () => !isOpen(lab, secret), { withinS: 120, everyMs: 250 }).catch(
    (cause: unknown) => {
      throw new Error(story(lab, secret), { cause });
    },
  );
  const current = labelled(lab, secret, 'AWSCURRENT');
  if (current === undefined) throw new Error(`${secret} has no AWSCURRENT`);
  if (endsOn !== 'either') expect(current.versionId === end.versionId ? 'new' : 'old', story(lab, secret)).toBe(endsOn);

  expect(keyOnDisk(lab, host)).toBe('AWSCURRENT');
  expect(host.identityInPlace()).toBe(current.identity);
  expect(await host.zabbixHolds(current)).toBe(true);
  expect(await host.agentRuns()).toBe(true);
  await host.awaitValues(Date.now(), 150);
  await eventually('nothing of the rotation is left on the node', async () => (await leftOn(host)).length === 0, {
    withinS: 60,
    everyMs: 500,
  }).catch(async (cause: unknown) => {
    throw new Error(`left on ${secret}: ${(await leftOn(host)).join(' ')}`, { cause });
  });
  const outcomes = lab
    .facts(secret)
    .filter(({ event, token }) => event === 'rotation.ended' && token === end.versionId)
    .map(({ outcome }) => outcome);
  const expected = current.versionId === end.versionId ? 'rotated' : expect.stringMatching(/^(refused|rolled-back)$/);
  expect(outcomes.at(-1)).toEqual(expected);
  tellsNoKey(lab, secret);
}

/** Both sides hold that one, values flow, and nothing tells it. */
export async function worksWith(lab: Lab, host: SmallHost, label: string): Promise<void> {
  expect(label).toMatch(/^AWS/);
  expect(keyOnDisk(lab, host)).toBe(label);
  expect(await keyInZabbix(lab, host)).toBe(label);
  await host.awaitValues(Date.now(), 150);
  tellsNoKey(lab, host.computerName);
}

/** What a human does when the obstacle is gone: `{"repair": …}` in the console. The rotation's end stays what it was. */
export async function repaired(lab: Lab, host: SmallHost, end: RotationEnd, endsOn: EndsOn): Promise<void> {
  const { error } = await lab.repair(host.computerName);
  expect(error).toBeUndefined();
  await sharesOneKey(lab, host, end, endsOn);
}

/** Which of the secret's versions the agent's key file holds, by its labels: a failed test must not print a key. */
export function keyOnDisk(lab: Lab, host: SmallHost): string {
  const psk = host.keyInPlace();
  const labels = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'];
  return labels.find((label) => labelled(lab, host.computerName, label)?.psk === psk) ?? 'no key of the secret';
}

/** Which of them Zabbix holds. */
export async function keyInZabbix(lab: Lab, host: SmallHost): Promise<string> {
  for (const label of ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']) {
    const version = labelled(lab, host.computerName, label);
    if (version !== undefined && (await host.zabbixHolds(version))) return label;
  }
  return 'no key of the secret';
}

/** No key of the secret in the log, an answer, an error, or a command's parameters and outputs. */
export function tellsNoKey({ cloud }: Lab, secret: string): void {
  const found = [...cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
  const keys = [...(found?.versions.values() ?? [])].flatMap(
    ({ value }) => /"psk":"([0-9a-f]{32,512})/.exec(value?.string ?? '')?.[1] ?? [],
  );
  expect(keys.length).toBeGreaterThan(0);
  const { logs, invocations, commands } = cloud;
  const told = commands.map(({ values, comment, invocations: nodes }) => [
    values,
    comment,
    [...nodes.values()].map(({ steps }) => steps),
  ]);
  const text = JSON.stringify({ logs, invocations, told }).toLowerCase();
  expect(keys.filter((key) => text.includes(key)).length).toBe(0);
}

function isOpen(lab: Lab, secret: string): boolean {
  const found = [...lab.cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
  return [...(found?.versions.values() ?? [])].some(
    ({ labels }) =>
      (labels.has('AWSPENDING') && !labels.has('AWSCURRENT')) ||
      labels.has('ZABBIX_PSK_GOING_BACK') ||
      labels.has('ZABBIX_PSK_UNRECORDED'),
  );
}

/** For whoever reads a failed test: what the functions said of the secret. */
function story(lab: Lab, secret: string): string {
  return lab
    .facts(secret)
    .map(({ at, event, outcome, because }) => [at, event, outcome, because].filter(Boolean).join(' '))
    .join('\n');
}
