import { Random } from '../../fakes/random.ts';
import { type Ended, type Kills, play, type Scenario, ways, waysOfAutoregistration } from './scenario.ts';

const retries = [0, 1, 2] as const;

/** Of one host and of three, at each gate. */
const ofHosts: readonly Scenario[] = ways.flatMap((way) =>
  (['shadow-agent', 'script-execute', 'port-probe', 'agent-log', 'now'] as const).flatMap((gate) =>
    ([1, 3] as const).flatMap((targets) =>
      (['new', 'fixed'] as const).flatMap((identityMode) =>
        retries.map((retries) => ({ way, gate, targets, identityMode, retries })),
      ),
    ),
  ),
);

const otherTargets = [
  'proxy',
  'proxy and agent',
  'behind a proxy of 6.0',
  'behind a passive proxy of 6.0',
  'unencrypted',
  'unencrypted, door open',
  'unencrypted proxy',
  'certificate',
] as const;

const ofOthers: readonly Scenario[] = ways.flatMap((way) =>
  otherTargets.flatMap((targets) =>
    retries.map((retries) => ({ way, gate: 'shadow-agent', targets, identityMode: 'new', retries })),
  ),
);

/** No node follows, so that only the port of the server can be asked. */
const ofAutoregistration: readonly Scenario[] = waysOfAutoregistration.flatMap((way) =>
  retries.map((retries) => ({
    ...{ way, gate: 'port-probe', targets: 'autoregistration', identityMode: 'new', retries },
  })),
);

/** Every scenario there is. */
export const scenarios: readonly Scenario[] = [...ofHosts, ...ofOthers, ...ofAutoregistration];

/** Every place where one scenario can be killed: just before and just after each outside call, and after each effect of a script. */
export function pointsOf({ calls, effects }: Pick<Ended, 'calls' | 'effects'>): readonly Kills[] {
  return [
    ...calls.flatMap((_, nth) => [
      { calls: [2 * nth], effects: [] },
      { calls: [2 * nth + 1], effects: [] },
    ]),
    ...effects.map((_, nth) => ({ calls: [], effects: [nth] })),
  ];
}

/** Kills once more, at any point that comes after the first one: each two that are different are two once. */
export function pairsOf(
  first: Kills,
  { calls, effects, callsBefore }: Pick<Ended, 'calls' | 'effects' | 'callsBefore'>,
): readonly Kills[] {
  return pointsOf({ calls, effects })
    .filter((second) => isAfter(first, second, callsBefore))
    .map((second) => ({
      calls: [...first.calls, ...second.calls],
      effects: [...first.effects, ...second.effects],
    }));
}

function isAfter(first: Kills, second: Kills, callsBefore: readonly number[]): boolean {
  const [firstCall] = first.calls;
  const [firstEffect = -1] = first.effects;
  const [call] = second.calls;
  const [effect = -1] = second.effects;
  const begunBefore = (nth: number) => callsBefore[nth] ?? 0;
  if (firstCall === undefined)
    return call === undefined ? effect > firstEffect : Math.floor(call / 2) >= begunBefore(firstEffect);
  return call === undefined ? begunBefore(effect) > Math.floor(firstCall / 2) : call > firstCall;
}

export interface Found {
  readonly scenario: Scenario;
  readonly kills: Kills;
  readonly wrong: readonly string[];
}

/** Plays a scenario killed at every point and tells where that did not end well. */
export async function playEveryPoint(
  scenario: Scenario,
): Promise<{ readonly runs: number; readonly found: readonly Found[] }> {
  const points: readonly Kills[] = [{ calls: [], effects: [] }, ...pointsOf(await play(scenario))];
  const found: Found[] = [];
  for (const kills of points) {
    const wrong = (await play(scenario, kills)).wrong;
    if (wrong.length > 0) found.push({ scenario, kills, wrong });
  }
  return { runs: points.length, found };
}

/** Plays so many scenarios that chance picks, killed at one point and, half of them, at a second one after it. */
export async function playSample(runs: number, seed: number): Promise<readonly Found[]> {
  const random = new Random(seed);
  const found: Found[] = [];
  for (let run = 0; run < runs; run += 1) {
    const scenario = pick(random, scenarios);
    const clean = await play(scenario);
    let kills = pick(random, pointsOf(clean));
    if (random.chance(0.5)) kills = pick(random, [kills, ...pairsOf(kills, await play(scenario, kills))]);
    const wrong = (await play(scenario, kills)).wrong;
    if (wrong.length > 0) found.push({ scenario, kills, wrong });
  }
  return found;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const [first, ...others] = choices;
  if (first === undefined) throw new RangeError('nothing to choose from');
  return random.of([first, ...others]);
}
