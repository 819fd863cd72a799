import type { Clock, Patience } from './ports.ts';

/**
 * The time this invocation still has. Going forward must leave the time that going back takes, so a forward deadline ends
 * earlier than the way back's by what was reserved.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsMs: number;

  private constructor(clock: Clock, endsMs: number) {
    this.#clock = clock;
    this.#endsMs = endsMs;
  }

  /** @param remainingMs what Lambda still gives this invocation */
  static in(remainingMs: number, clock: Clock): Deadline {
    return new Deadline(clock, clock.now().ms + remainingMs);
  }

  /** The same end, earlier by what something later will need. */
  reserving(ms: number): Deadline {
    return new Deadline(this.#clock, this.#endsMs - ms);
  }

  /** Whichever comes first: this deadline or `ms` from now. */
  within(ms: number): Deadline {
    return new Deadline(this.#clock, Math.min(this.#endsMs, this.#clock.now().ms + ms));
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsMs - this.#clock.now().ms);
  }

  get passed(): boolean {
    return this.remainingMs === 0;
  }
}

/** Reserved for going back: the server takes the old key again, agents restart, contact is proven; and a minute for the calls themselves. */
export function timeToGoBackMs({ serverWaitMs, agentStartMs, proveMs }: Patience): number {
  return serverWaitMs + agentStartMs + proveMs + 60_000;
}
