import { Random } from '../../fakes/random.ts';
import { type Ended, type Kills, play, type Scenario, ways } from './scenario.ts';

/** Every scenario there is. */
export const scenarios: readonly Scenario[] = ways.flatMap((way) =>
  (['shadow-agent', 'script-execute', 'port-probe', 'agent-log', 'now'] as const).flatMap((gate) =>
    ([1, 3] as const).flatMap((targets) =>
      (['new', 'fixed'] as const).flatMap((identityMode) =>
        ([0, 1, 2] as const).map((retries) => ({ way, gate, targets, identityMode, retries })),
      ),
    ),
  ),
);

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

/** Kills once more, at any point that comes after the first one. */
export function pairsOf(first: Kills, { calls, effects }: Pick<Ended, 'calls' | 'effects'>): readonly Kills[] {
  const [call = -1] = first.calls;
  const [effect = -1] = first.effects;
  return pointsOf({ calls, effects })
    .filter((second) => second.calls.every((at) => at > call) && second.effects.every((at) => at > effect))
    .map((second) => ({
      calls: [...first.calls, ...second.calls],
      effects: [...first.effects, ...second.effects],
    }));
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
