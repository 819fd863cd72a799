/**
 * The calls of Zabbix' API that come over HTTPS, and so from the function: the lab's own work goes over the plain address.
 * Parameters are never kept, because they hold keys.
 */
import type { OutgoingHttpHeaders } from 'node:http';

export interface ApiCall {
  /** `host.update`; `unknown` for something that is not one JSON-RPC call */
  readonly method: string;
  /** 1 for the first call of the lab */
  readonly ordinal: number;
  /** milliseconds since 1970 */
  readonly askedMs: number;
}

/** A call that has been made, whatever became of it. */
export interface ApiCallRecord extends ApiCall {
  /** When its answer was given back; undefined: not yet, or never. */
  readonly answeredMs: number | undefined;
  /** HTTP status of the answer */
  readonly status: number | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** `pass`: on to the next party. `drop`: the connection is closed without an answer. An answer: given instead of the frontend's. */
export type ApiReaction = 'pass' | 'drop' | ApiAnswer;

/** Looks at every call and may wait. A test puts one in place and takes it away again. */
export interface ApiObserver {
  /** The frontend has not heard of the call. */
  asked?(call: ApiCall, mentions: Mentions): ApiReaction | Promise<ApiReaction>;
  /** The frontend has done what it was asked; its answer has not been given back. */
  answered?(call: ApiCall, mentions: Mentions): ApiReaction | Promise<ApiReaction>;
}

/** Whether a text stands in the call: tells a host's calls from another's without showing them. */
export type Mentions = (text: string) => boolean;

export class ApiTraffic {
  observer: ApiObserver | undefined;
  readonly #calls: ApiCallRecord[] = [];

  /** Oldest first. */
  get calls(): readonly ApiCallRecord[] {
    return this.#calls;
  }

  /** @param frontend passes the call on */
  async through(method: string, mentions: Mentions, frontend: () => Promise<ApiAnswer>): Promise<ApiAnswer | 'drop'> {
    const call: ApiCall = { method, ordinal: this.#calls.length + 1, askedMs: Date.now() };
    this.#calls.push({ ...call, answeredMs: undefined, status: undefined });
    const answer = await this.#answerTo(call, mentions, frontend);
    if (answer !== 'drop') this.#calls[call.ordinal - 1] = { ...call, answeredMs: Date.now(), status: answer.status };
    return answer;
  }

  async #answerTo(call: ApiCall, mentions: Mentions, frontend: () => Promise<ApiAnswer>): Promise<ApiAnswer | 'drop'> {
    const before = (await this.observer?.asked?.(call, mentions)) ?? 'pass';
    if (before !== 'pass') return before;
    const answer = await frontend();
    const after = (await this.observer?.answered?.(call, mentions)) ?? 'pass';
    return after === 'pass' ? answer : after;
  }
}
