import type { FakeClock } from './clock.ts';

/** What becomes of one outside call. `fails`: nothing was done, `lost`: it was done and nobody said so. */
export type Fate = 'answered' | 'fails' | 'lost';

export interface Conduct {
  /** Whether this call is the last thing that it did: just before the call's effect, or just after. */
  readonly dies?: (call: string) => 'before' | 'after' | undefined;
  /** Fate of a call; by default every one is answered. */
  readonly fate?: (call: string) => Fate;
  /** From the call to its effect and from there to the answer, in milliseconds. */
  readonly tripMs?: (call: string) => number;
}

/**
 * One run of a function of ours. Everything that it asks of the outside goes through here, takes a while before its effect and a
 * while after it, and can be the last thing that it did: what has been killed asks nothing more and hears no answer.
 */
export class Invocation {
  readonly #clock: FakeClock;
  readonly #conduct: Conduct;
  alive = true;
  /** Called when it dies. */
  onDeath: () => void = () => undefined;

  constructor(clock: FakeClock, conduct: Conduct = {}) {
    this.#clock = clock;
    this.#conduct = conduct;
  }

  /** @param broken what the caller gets when there is no answer; `silent`: it may have been done all the same */
  async call<T>(name: string, effect: () => T, broken: (silent: boolean) => unknown): Promise<T> {
    const { dies, fate, tripMs } = this.#conduct;
    const last = dies?.(name);
    const halfMs = tripMs?.(name) ?? 20;

    await this.#stay(this.#clock.sleep(halfMs));
    if (last === 'before') return this.die();
    const how = fate?.(name) ?? 'answered';
    const done = how === 'fails' ? undefined : outcome(effect);
    if (last === 'after') return this.die();
    await this.#stay(this.#clock.sleep(halfMs));
    if (done === undefined || how === 'lost') throw broken(how === 'lost');
    if ('thrown' in done) throw done.thrown;
    return done.value;
  }

  sleep(ms: number): Promise<void> {
    return this.#stay(this.#clock.sleep(ms));
  }

  /** It has answered. Lambda freezes what it left running beside. */
  end(): void {
    this.alive = false;
  }

  /** @returns what never comes: nobody is there any more to go on */
  die(): Promise<never> {
    if (this.alive) {
      this.alive = false;
      this.onDeath();
    }
    return new Promise(() => undefined);
  }

  async #stay(waiting: Promise<void>): Promise<void> {
    await waiting;
    if (!this.alive) return new Promise(() => undefined);
  }
}

function outcome<T>(effect: () => T): { readonly value: T } | { readonly thrown: unknown } {
  try {
    return { value: effect() };
  } catch (thrown) {
    return { thrown };
  }
}
