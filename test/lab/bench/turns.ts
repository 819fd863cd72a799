import type { AgentKind } from '../hosts/agent.ts';
import { strata } from './strata.ts';

/** One round of one agent: when its rotations begin, as parts of what they are spread over. */
export interface Turn {
  readonly kind: AgentKind;
  readonly round: number;
  /** of the server's cache period: how long after a renewal they begin */
  readonly partOfPeriod: number;
  /** of the item's interval: how long after a renewal the server polls the first host */
  readonly partOfInterval: number;
}

/**
 * The agents take turns, so that one can come to rest while the other changes. The rounds of each are spread evenly over both
 * periods: a key change costs most when it just misses a renewal, or when a poll falls right behind one.
 */
export function turns(kinds: readonly AgentKind[], rounds: number): readonly Turn[] {
  const ofKind = kinds.map((kind, index) => {
    const [period, interval] = [strata(rounds, 10 + index), strata(rounds, 20 + index)];
    return period.map((partOfPeriod, at): Turn => {
      return { kind, round: at + 1, partOfPeriod, partOfInterval: interval[at] ?? partOfPeriod };
    });
  });
  return ofKind.flat().sort((a, b) => a.round - b.round);
}
