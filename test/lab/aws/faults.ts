/**
 * Faults by name, off until a test asks. Every one of them is used up by happening, so what follows is an ordinary day again.
 *
 * `onCall` is asked once for every API call, `onDelivery` once for every command and node; a test may put its own in front.
 */
import type { Principal } from './principal.ts';

export type Reaction =
  | 'pass'
  /** ThrottlingException; nothing was done. */
  | 'throttle'
  /** 500; nothing was done. */
  | 'server-error'
  /** Done, but the connection breaks before the answer. */
  | 'lose-answer'
  /** The calling function's process dies before the call has any effect. */
  | 'kill-before'
  /** Done, and then the calling function's process dies. */
  | 'kill-after';

export interface OutsideCall {
  /** `ssm:SendCommand` */
  readonly action: string;
  readonly caller: Principal;
  /** 1 for the first call that functions have made since the faults were last cleared; 0 for everybody else's calls. */
  readonly ordinal: number;
  /** Its body as it came: tells which secret or node it is about. */
  readonly request: string;
}

export interface Delivery {
  readonly delayMs: number;
  /** The message reaches the node again after the first run has ended. */
  readonly twice: boolean;
  /** How long after it (AWS: more than 30 minutes). */
  readonly againAfterMs: number;
  /** The node gets the message although its delivery time is over and the invocation has long been given up. */
  readonly evenWhenExpired: boolean;
  /** Systems Manager gives it up without the node: it does not exist any more, or does not answer. */
  readonly undeliverable: boolean;
}

const onTime: Delivery = { delayMs: 0, twice: false, againAfterMs: 0, evenWhenExpired: false, undeliverable: false };

/** What is delivered to whom. */
export interface Delivered {
  readonly instanceId: string;
  readonly comment: string;
}

interface Planned {
  readonly matches: (call: OutsideCall) => boolean;
  readonly reaction: Reaction;
  left: number;
}

export class Faults {
  /** A test's own decision; `undefined` leaves it to the planned faults. */
  hook: ((call: OutsideCall) => Reaction | undefined) | undefined;
  /** A test's own decision; `undefined` leaves it to `deliver`. */
  deliveryHook: ((delivered: Delivered) => Partial<Delivery> | undefined) | undefined;
  #planned: Planned[] = [];
  #deliveries: Delivery[] = [];
  #functionCalls = 0;

  throttle(action: string, times = 1): void {
    this.#plan('throttle', times, (call) => call.action === action);
  }

  serverError(action: string, times = 1): void {
    this.#plan('server-error', times, (call) => call.action === action);
  }

  loseAnswer(action: string, times = 1): void {
    this.#plan('lose-answer', times, (call) => call.action === action);
  }

  /** Counts the calls of all functions from now on; the k-th (from 1) finds its caller dead. */
  killBeforeCall(k: number): void {
    this.#functionCalls = 0;
    this.#plan('kill-before', 1, (call) => call.ordinal === k);
  }

  killAfterCall(k: number): void {
    this.#functionCalls = 0;
    this.#plan('kill-after', 1, (call) => call.ordinal === k);
  }

  /** The next command's delivery. */
  deliver(how: Partial<Delivery>): void {
    this.#deliveries.push({ ...onTime, ...how });
  }

  clear(): void {
    this.hook = undefined;
    this.deliveryHook = undefined;
    this.#planned = [];
    this.#deliveries = [];
    this.#functionCalls = 0;
  }

  onCall(action: string, caller: Principal, request: string): Reaction {
    const byFunction = caller.kind === 'role' && caller.environmentId !== undefined;
    if (byFunction) this.#functionCalls += 1;
    const call: OutsideCall = { action, caller, ordinal: byFunction ? this.#functionCalls : 0, request };
    const own = this.hook?.(call);
    if (own !== undefined) return own;
    const planned = this.#planned.find(({ left, matches }) => left > 0 && matches(call));
    if (planned === undefined) return 'pass';
    planned.left -= 1;
    return planned.reaction;
  }

  onDelivery(delivered: Delivered): Delivery {
    const own = this.deliveryHook?.(delivered);
    if (own !== undefined) return { ...onTime, ...own };
    return this.#deliveries.shift() ?? onTime;
  }

  #plan(reaction: Reaction, times: number, matches: (call: OutsideCall) => boolean): void {
    this.#planned.push({ reaction, left: times, matches });
  }
}
