import type { FakeClock } from '../fakes/clock.ts';
import type { Conduct, Fate } from '../fakes/invocation.ts';
import type { Random } from '../fakes/random.ts';

/** For a while some calls go wrong: those whose name begins so, as often as chance wants. */
export interface Spell {
  readonly fromMs: number;
  readonly toMs: number;
  readonly calls: string;
  readonly fate: Exclude<Fate, 'answered'>;
  readonly probability: number;
}

/** How the outside calls of every function of a schedule go: how long each takes, which fail, and at which the function dies. */
export class Calls {
  readonly #clock: FakeClock;
  readonly #random: Random;
  readonly #spells: Spell[] = [];
  /** Numbers of the calls at which a function is killed, over the whole schedule. */
  readonly killsAt = new Set<number>();
  /** From a call to its effect, at most, in milliseconds; and to its answer. */
  tripAtMostMs = 200;
  /** Called with what becomes of each call. */
  told: (call: string, fate: Fate | 'killed before' | 'killed after') => void = () => undefined;
  #made = 0;

  constructor(clock: FakeClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  goWrong(spell: Spell): void {
    this.#spells.push(spell);
  }

  readonly conduct: Conduct = {
    dies: (call) => {
      this.#made += 1;
      if (!this.killsAt.has(this.#made)) return undefined;
      const when = this.#random.chance(0.5) ? 'before' : 'after';
      this.told(call, `killed ${when}`);
      return when;
    },
    fate: (call) => {
      const fate = this.#fateOf(call);
      this.told(call, fate);
      return fate;
    },
    tripMs: () => this.#random.between(5, this.tripAtMostMs),
  };

  #fateOf(call: string): Fate {
    const { ms } = this.#clock.now();
    for (const { fromMs, toMs, calls, fate, probability } of this.#spells) {
      const isIn = ms >= fromMs && ms < toMs && call.startsWith(calls);
      if (isIn && this.#random.chance(probability)) return fate;
    }
    return 'answered';
  }
}
