import { eventually } from '../eventually.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { itemEveryS } from './bench-lab.ts';
import type { CacheRenewals } from './cache-renewals.ts';
import type { Changed } from './change-all.ts';
import { type Hole, hole, lostThoughSent } from './hole.ts';
import { inS } from './in-seconds.ts';
import type { Rotation, ServiceAccount, TimeLine } from './results.ts';
import type { Turn } from './turns.ts';

/** One rotation with what only the picture needs. */
export interface Measured {
  readonly rotation: Rotation;
  readonly timeLine: TimeLine;
}

/** Waits until the values of all hosts come in as before, then reads what is missing. */
export async function measureChanges(
  changes: readonly Changed[],
  renewals: CacheRenewals,
  turn: Turn,
): Promise<readonly Measured[]> {
  const known = await Promise.all(changes.map((change) => settled(change, renewals)));
  // All of them up to the same moment: they are drawn one above the other.
  const toMs = Date.now();
  return Promise.all(known.map((change) => measured(change, toMs, turn)));
}

interface Settled extends Changed {
  /** when the new key was in the server's cache */
  readonly serverUsesMs: number;
}

async function settled(change: Changed, renewals: CacheRenewals): Promise<Settled> {
  const { endedMs: serverUsesMs } = await eventually(
    'the server renews its cache',
    () => renewals.firstAfter(change.toldMs),
    { withinS: 2 * renewals.periodS },
  );
  await awaitTwoValues(change.host, Math.max(serverUsesMs, change.listeningMs));
  return { ...change, serverUsesMs };
}

/** Longest that any order has been seen to stay blind: agent 2 of 6.0 tries again after 120 s. Seconds. */
const settleWithinS = 240;

/** Waits until both items of a host have two values that were taken since then. */
export async function awaitTwoValues(host: SmallHost, sinceMs: number): Promise<void> {
  for (const direction of ['passive', 'active'] as const) {
    await eventually(
      `two ${direction} values of ${host.computerName} come`,
      async () => (await host.history(direction, { fromMs: sinceMs })).samplesMs.length >= 2,
      { withinS: settleWithinS, everyMs: 1_000 },
    );
  }
}

/** Values from before the rotation that are looked at, so that a hole has an edge. Milliseconds. */
export const beforeMs = 12_000;

async function measured(change: Settled, toMs: number, { kind, round }: Turn): Promise<Measured> {
  const { order, host, beganMs, toldMs, stoppedMs, listeningMs, serverUsesMs, renewalBefore, account } = change;
  const valuesOf = async (direction: 'passive' | 'active') =>
    (await host.history(direction, { fromMs: beganMs - beforeMs, toMs })).samplesMs;
  const [passiveMs, activeMs] = await Promise.all([valuesOf('passive'), valuesOf('active')]);
  const [passive, active] = [hole(passiveMs, itemEveryS), hole(activeMs, itemEveryS)];

  const since = (ms: number) => inS(ms - beganMs);
  const drawn = (valuesMs: readonly number[], { fromMs, toMs: untilMs, lost }: Hole) => ({
    valuesS: valuesMs.map(since),
    hole: { fromS: since(fromMs), toS: since(untilMs), lost },
  });
  return {
    rotation: {
      ...{ order, agent: kind, round },
      beganAfterRenewalS: inS(beganMs - renewalBefore.endedMs),
      serverTookUpS: inS(serverUsesMs - toldMs),
      apartS: inS(Math.abs(listeningMs - serverUsesMs)),
      ...(order === 'server-first' ? {} : { betweenSidesS: inS(betweenSidesMs(change)) }),
      agentDownMs: listeningMs - stoppedMs,
      passive: { holeS: inS(passive.longestMs), lost: passive.lost },
      active: {
        ...{ holeS: inS(active.longestMs), lost: active.lost },
        lostThoughSent: lostThoughSent(activeMs, itemEveryS, { stoppedMs, listeningMs, refusedMs: serverUsesMs }),
      },
      ...(account === undefined ? {} : { service: rounded(account) }),
    },
    timeLine: {
      ...{ order, toldS: since(toldMs), serverUsesS: since(serverUsesMs) },
      ...{ agentStoppedS: since(stoppedMs), agentListeningS: since(listeningMs) },
      passive: drawn(passiveMs, passive),
      active: drawn(activeMs, active),
    },
  };
}

function betweenSidesMs({ order, toldMs, stoppedMs, listeningMs }: Changed): number {
  return order === 'host-first' ? toldMs - listeningMs : stoppedMs - toldMs;
}

function rounded(account: ServiceAccount): ServiceAccount {
  const { tookS, serverWaitS, cpuMs, gapsMs, waitingCpuMs, noticedLateS, maxRssMb } = account;
  return {
    ...account,
    ...{ tookS: inS(tookS * 1000), serverWaitS: inS(serverWaitS * 1000), noticedLateS: inS(noticedLateS * 1000) },
    ...{ cpuMs: Math.round(cpuMs), gapsMs: Math.round(gapsMs), maxRssMb: Math.round(maxRssMb) },
    ...(waitingCpuMs === undefined ? {} : { waitingCpuMs: Math.round(waitingCpuMs) }),
  };
}
