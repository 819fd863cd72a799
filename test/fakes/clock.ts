import type { Clock } from '../../lambda/rotation/ports.ts';

interface Event {
  readonly ms: number;
  readonly nth: number;
  readonly act: () => void;
}

/**
 * Time that passes only when everybody waits: then the next thing that was to happen happens, in order of time. Nothing
 * takes real time, and the same world runs the same way every time.
 */
export class FakeClock implements Clock {
  #ms = Date.UTC(2026, 0, 1);
  #count = 0;
  readonly #events: Event[] = [];
  #running = false;
  #woken = false;

  now() {
    return { ms: this.#ms };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.in(ms, () => {
        this.#woken = true;
        wake();
      });
    });
  }

  /** Does something later. Whatever it does must wake nobody but by `sleep`. */
  in(ms: number, act: () => void): void {
    this.#count += 1;
    this.#push({ ms: this.#ms + Math.max(0, ms), nth: this.#count, act });
    if (this.#running) return;
    this.#running = true;
    this.#goOn();
  }

  /**
   * When the promises have run: a tick that a microtask asks for comes after all of them. A turn of the event loop for each step would
   * take a fifth of a long run.
   */
  #goOn(): void {
    queueMicrotask(() => process.nextTick(() => this.#run()));
  }

  /** One who was woken goes on as far as he can before anything else happens. */
  #run(): void {
    this.#woken = false;
    while (!this.#woken) {
      const next = this.#pop();
      if (next === undefined) {
        this.#running = false;
        return;
      }
      this.#ms = next.ms;
      next.act();
    }
    this.#goOn();
  }

  /** A heap: the earliest event is at its root. */
  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const earlier = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (earlier === undefined || isBefore(last, earlier)) break;
      heap[at] = earlier;
      at = earlier === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.nth < b.nth);
}
