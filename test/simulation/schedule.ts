import { repair } from '../../lambda/rotation/repair.ts';
import { repairAll } from '../../lambda/rotation/repair-all.ts';
import { repairWaiting } from '../../lambda/rotation/repair-waiting.ts';
import { requestRotation } from '../../lambda/rotation/rotate-request.ts';
import { driveRotation } from '../fakes/drive-rotation.ts';
import { type Invoked, invoke, type Work } from '../fakes/lambda.ts';
import type { FakeSecret } from '../fakes/secrets-manager.ts';
import { everyFault } from './faults/every-fault.ts';
import { type PlantedBug, plant } from './planted-bug.ts';
import { pick, siteOf } from './site.ts';
import { type Violation, violations } from './violations.ts';
import { type Tell, watch } from './watch.ts';

/** What became of one schedule. */
export interface Played {
  readonly seed: number;
  readonly befell: readonly string[];
  readonly rotations: number;
  /** How the rotations ended, as recorded. */
  readonly outcomes: readonly string[];
  readonly violations: readonly Violation[];
}

const minuteMs = 60_000;
/** Faults that heal have healed long before, but for a function's being killed at one of its calls, whenever it makes that one. */
const endsAfterMs = 480 * minuteMs;
/** Two looks of the repair, of which the first may find that the secret has not been quiet for an hour. */
const healsAfterMs = 150 * minuteMs;

/** Plays the schedule that a seed stands for, the same every time. */
export async function play(seed: number, bug?: PlantedBug, tell?: Tell): Promise<Played> {
  const site = siteOf(seed);
  const { random, account, secrets } = site;
  for (let left = random.below(6); left > 0; left -= 1) {
    const fault = pick(random, everyFault);
    site.befell.push(fault.name);
    fault.befalls(site);
  }
  const begun: { readonly secret: FakeSecret; readonly token: string }[] = [];
  const said: unknown[] = [];
  let overdue = 0;
  let untilMs = site.clock.now().ms + endsAfterMs;
  const call = async <T>(work: Work<T>): Promise<Invoked<T>> => note(await invoke(account, work, site.calls.conduct));
  const note = <T>(invoked: Invoked<T>): Invoked<T> => {
    if (invoked.ended === 'timed out') overdue += 1;
    if (invoked.ended === 'killed') untilMs = Math.max(untilMs, site.clock.now().ms + healsAfterMs);
    if (invoked.ended === 'threw') said.push(invoked.error);
    if (invoked.ended === 'returned') said.push(invoked.value);
    return invoked;
  };
  if (bug !== undefined) plant(bug, account);
  if (tell !== undefined) watch(site, tell);

  /** An event is worth three tries to Lambda, a minute and then two minutes apart. */
  const repaired = async ({ secretId }: FakeSecret) => {
    for (const pauseMs of [0, minuteMs, 2 * minuteMs]) {
      await site.clock.sleep(pauseMs);
      const { ended } = await call((ports, deadline) => repair(secretId, ports, deadline));
      if (ended === 'returned') return;
    }
  };
  const rotated = async (secret: FakeSecret, token: string) => {
    const retries = { times: random.below(4), afterMs: random.between(5_000, 300_000) };
    const { succeeded, invoked } = await driveRotation(account, secret, token, retries, site.calls.conduct);
    for (const one of invoked) note(one);
    if (succeeded) return;
    await site.clock.sleep(random.between(1_000, 120_000));
    if (!site.unheard.has(secret)) await repaired(secret);
    // The alarm told a human, who looks for the rotation's end hours later, and calls the repair function when there is none.
    await site.clock.sleep(random.between(90, 200) * minuteMs);
    const isEnded = account.facts.some(
      (fact) => fact.event === 'rotation.ended' && fact.token === token && fact.outcome !== 'stranded',
    );
    if (!isEnded) await repaired(secret);
  };

  const going: Promise<void>[] = [];
  for (const secret of secrets) {
    secret.onRotate = (token) => {
      begun.push({ secret, token });
      going.push(rotated(secret, token));
    };
  }
  for (const [nth, { atMs, secret }] of site.starts.entries())
    site.clock.in(atMs - site.clock.now().ms, () => {
      const token = `scheduled-${nth}-${'0'.repeat(20)}`;
      if (secret.rotationEnabled) secret.rotate(token);
    });
  for (const { atMs, secret, asks } of site.visits) going.push(visit(atMs, secret, asks));
  async function visit(atMs: number, secret: FakeSecret, asks: 'abandon' | 'repair') {
    await site.clock.sleep(atMs - site.clock.now().ms);
    if (asks === 'repair') return void (await call((ports, deadline) => repair(secret.secretId, ports, deadline)));
    const abandon = secret.unfinished;
    if (abandon === undefined) return;
    const event = { rotate: secret.secretName, abandon };
    await call((ports, deadline) => requestRotation(event, ports, deadline));
  }

  async function lookAfterWaiting() {
    while (site.clock.now().ms < untilMs) {
      await site.clock.sleep(5 * minuteMs);
      await call((ports, deadline) => repairWaiting(ports, deadline));
    }
  }
  if (site.waits) going.push(lookAfterWaiting());
  while (site.clock.now().ms < untilMs) {
    await site.clock.sleep(random.between(59 * minuteMs, 61 * minuteMs));
    await call((ports, deadline) => repairAll(ports, deadline));
  }
  await Promise.all(going);
  const outcomes = account.facts
    .filter(({ event }) => event === 'rotation.ended')
    .map(({ outcome }) => String(outcome));
  return {
    seed,
    befell: site.befell,
    rotations: begun.length,
    outcomes,
    violations: violations(site, { begun, said, overdue }),
  };
}
