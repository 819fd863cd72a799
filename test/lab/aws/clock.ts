/** Time as the stand-in sees it. Every wait and every date of it goes through here, so that a test can move time itself. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** The machine's clock. Its timers do not keep the process alive: the listening socket does, until `cloud.close()`. */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms) => new Promise((wake) => setTimeout(wake, Math.max(0, ms)).unref()),
};

/** The machine's clock, so many milliseconds late until it is put right: what happens before then happened long ago. */
export class LateClock implements Clock {
  #lateMs: number;

  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  nowMs(): number {
    return realClock.nowMs() - this.#lateMs;
  }

  sleep(ms: number): Promise<void> {
    return realClock.sleep(ms);
  }

  putRight(): void {
    this.#lateMs = 0;
  }
}

/** A clock that stands still until a test moves it. Sleepers wake in the order of their time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  constructor(startMs: number = Date.UTC(2026, 0, 5, 12)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ atMs: this.#nowMs + ms, wake });
    });
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#sleepers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      // What has woken runs, and may go to sleep again, before time moves on.
      await new Promise((turn) => setImmediate(turn));
    }
    this.#nowMs = untilMs;
  }
}
