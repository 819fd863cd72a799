import type { FakeClock } from './clock.ts';
import type { FakeHost, FakeServer } from './site.ts';

/** Seconds by which the Zabbix server's clock is ahead of ours, so that mixing the two is seen. */
const serverAheadS = 90;
/** The same of a proxy, for what it polls. */
const proxyAheadS = -70;
/** Every item of a fake host comes so often. */
const everyMs = 5_000;
/** One failed check costs the interface so much, and after a while of them it is tried only so often (docs/zabbix-versions.md). */
const penaltyMs = 15_000;
const unavailableAfterMs = 45_000;
const unavailableMs = 60_000;
/** An agent whose first question for active checks failed asks again after so long. */
const askAgainMs = 60_000;
/** A proxy that was refused tries again so soon, and keeps what it has collected. */
const proxyAskAgainMs = 1_000;
/** A failed check is in the API so much later. */
const flushMs = 4_000;

interface Heard {
  nextMs: number;
  lastMs: number;
  failingSinceMs: number | undefined;
  /** An active agent has been told what to send. */
  asked: boolean;
}

/**
 * What the server has heard of each host, worked out when somebody looks. Between two looks nothing may have changed, so
 * whoever changes a key looks first.
 */
export class Hearing {
  readonly #clock: FakeClock;
  readonly #server: FakeServer;
  readonly #heard = new Map<FakeHost, Heard>();

  constructor(server: FakeServer, clock: FakeClock) {
    this.#server = server;
    this.#clock = clock;
    for (const host of server.hosts) {
      const nowMs = clock.now().ms;
      this.#heard.set(host, { nextMs: nowMs, lastMs: nowMs - 1, failingSinceMs: undefined, asked: true });
    }
    server.onRenewal(() => {
      for (const host of server.hosts) this.look(host);
    });
  }

  look(host: FakeHost): Heard {
    const heard = this.#heard.get(host);
    if (heard === undefined) throw new RangeError(`no host ${host.name}`);
    const nowMs = this.#clock.now().ms;
    const hears = this.#server.hears(host);
    while (heard.nextMs <= nowMs) {
      if (!host.enabled || host.silenced || !this.#server.up) {
        heard.nextMs = nowMs + everyMs;
      } else if (hears) {
        heard.lastMs = nowMs - ((nowMs - heard.nextMs) % everyMs);
        heard.nextMs = heard.lastMs + everyMs;
        heard.failingSinceMs = undefined;
        heard.asked = true;
      } else {
        heard.failingSinceMs ??= heard.nextMs;
        heard.nextMs += this.#pauseMs(host, heard);
      }
    }
    return heard;
  }

  #pauseMs(host: FakeHost, { asked, failingSinceMs, nextMs }: Heard): number {
    if (host.role === 'proxy') return proxyAskAgainMs;
    if (host.kind === 'active') return asked ? everyMs : askAgainMs;
    return nextMs - (failingSinceMs ?? nextMs) >= unavailableAfterMs ? unavailableMs : penaltyMs;
  }

  /** An agent that asks for its checks does so when it starts. */
  started(host: FakeHost): void {
    const heard = this.look(host);
    if (host.kind !== 'active' && host.role === 'host') return;
    heard.asked = false;
    heard.nextMs = this.#clock.now().ms + 1;
    heard.failingSinceMs = undefined;
  }

  /** Zabbix' "execute now" ends a penalty: the check is made 1.6–4.7 s later. */
  checkNow(host: FakeHost): void {
    const heard = this.look(host);
    heard.nextMs = Math.min(heard.nextMs, this.#clock.now().ms + 3_000);
  }

  /** As Zabbix shows it: undefined where it polls nothing. */
  fails(host: FakeHost): boolean | undefined {
    const { failingSinceMs } = this.look(host);
    if (host.kind === 'active' || host.role === 'proxy') return undefined;
    return failingSinceMs !== undefined && this.#clock.now().ms - failingSinceMs >= flushMs;
  }

  /** Time of the newest value, by the clock that it carries. Whole seconds. */
  lastS(host: FakeHost): number {
    const { lastMs: takenMs } = this.look(host);
    const proxy = this.#server.proxyOf(host);
    const aheadMs =
      host.kind === 'active' && host.role === 'host'
        ? host.clockAheadMs
        : host.behindProxy === false
          ? serverAheadS * 1000
          : (proxy?.clockAheadMs ?? proxyAheadS * 1000);
    // A proxy keeps what it has collected until the server takes it.
    const lastMs = proxy === undefined ? takenMs : Math.min(takenMs, this.look(proxy).lastMs);
    return Math.floor((lastMs + aheadMs) / 1000);
  }

  get serverS(): number {
    return Math.floor(this.#clock.now().ms / 1000) + serverAheadS;
  }
}
