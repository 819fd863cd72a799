import { Random } from '../../fakes/random.ts';
import { type Found, pairsOf, pointsOf } from './every-point.ts';
import { type Kills, play, type Scenario } from './scenario.ts';

/** Every nth point of a scenario is a thread's own, with the pairs that begin with it. */
export interface Share {
  readonly own: number;
  readonly shares: number;
}

export interface Pairs {
  /** of one scenario; more are a sample: as many of each first point, those after it that chance picks */
  readonly atMost: number;
  readonly seed: number;
}

export interface Played {
  readonly points: number;
  readonly pairs: number;
  /** how many pairs there are */
  readonly ofPairs: number;
  readonly found: readonly Found[];
}

/** Plays a scenario killed at the points of a share and, where pairs are asked for, once more after each. */
export async function playShare(scenario: Scenario, { own, shares }: Share, pairs?: Pairs): Promise<Played> {
  const found: Found[] = [];
  const playKilled = async (kills: Kills) => {
    const ended = await play(scenario, kills);
    if (ended.wrong.length > 0) found.push({ scenario, kills, wrong: ended.wrong });
    return ended;
  };
  const all = pointsOf(await play(scenario));
  let points = 0;
  let played = 0;
  let ofPairs = 0;
  for (const [nth, first] of all.entries()) {
    if (nth % shares !== own) continue;
    points += 1;
    const after = await playKilled(first);
    if (pairs === undefined) continue;
    const seconds = pairsOf(first, after);
    ofPairs += seconds.length;
    for (const both of some(seconds, Math.ceil(pairs.atMost / all.length), new Random(pairs.seed + nth))) {
      await playKilled(both);
      played += 1;
    }
  }
  return { points, pairs: played, ofPairs, found };
}

/** So many of them, each as likely as any other. */
function some<T>(all: readonly T[], count: number, random: Random): readonly T[] {
  if (all.length <= count) return all;
  const left = [...all];
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat();
}
