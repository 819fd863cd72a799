import { StillWaiting } from '../errors.ts';
import type { Instant, Rotation, RotationIds } from './model.ts';
import type { Ports, SecretLabels, Waiting } from './ports.ts';

/** That a version waits, and until when; the latest, where two have come to the same moment and both have written it down. */
export function waitingOn(
  { waiting }: Pick<SecretLabels, 'waiting'>,
  versionId: string,
  way: Waiting['way'],
): Waiting | undefined {
  return latest(waiting.filter((one) => one.versionId === versionId && one.way === way));
}

/** Until when a version says that it waits, whichever way. */
export function lastUntil(waiting: readonly Waiting[], versionId: string): Instant | undefined {
  return latest(waiting.filter((one) => one.versionId === versionId))?.until;
}

function latest(waiting: readonly Waiting[]): Waiting | undefined {
  return waiting.toSorted((a, b) => a.until.ms - b.until.ms).at(-1);
}

/** A target and the proxy that it waits for. */
export interface BehindSlowProxy {
  readonly target: { readonly name: string };
  readonly slowProxy: string | undefined;
}

/** Writes down that a rotation waits from now on for as long as these proxies may take. */
export async function beginWaiting(
  { secretId, versionId }: RotationIds,
  way: Waiting['way'],
  waiting: readonly BehindSlowProxy[],
  { secrets, archive, clock, patience }: Pick<Ports, 'secrets' | 'archive' | 'clock' | 'patience'>,
): Promise<Waiting> {
  // Labels tell whole seconds.
  const until = { ms: Math.ceil((clock.now().ms + (patience.proxyMs ?? 0)) / 1000) * 1000 };
  const begun = { versionId, way, until };
  await secrets.markWaiting(secretId, begun);
  await archive.append({
    event: 'rotation.waiting',
    secretId,
    token: versionId,
    way,
    until: utc(begun),
    for: [...new Set(waiting.map(({ slowProxy }) => slowProxy))],
    targets: waiting.map(({ target }) => target.name),
  });
  return begun;
}

/**
 * For targets that are not back yet: their nodes follow their proxies by themselves, and whoever comes next proves it.
 *
 * @throws {StillWaiting} until the time is over; then what has been seen of them is what is
 */
export async function waitOnTheWayBack(
  notBack: readonly BehindSlowProxy[],
  { secretId, versionId }: RotationIds,
  ports: Pick<Ports, 'secrets' | 'archive' | 'clock' | 'patience'>,
): Promise<void> {
  if (notBack.length === 0) return;
  const labels = await ports.secrets.labels(secretId);
  // Somebody quicker has ended this rotation.
  if (labels.pending !== versionId) return;
  const waiting =
    waitingOn(labels, versionId, 'back') ?? (await beginWaiting({ secretId, versionId }, 'back', notBack, ports));
  if (ports.clock.now().ms >= waiting.until.ms) return;
  throw new StillWaiting(`${notBack.map(({ target }) => target.name).join(', ')} ${waitsUntil(waiting)}`);
}

/** What does not come off now comes off with the next look at the secret: it says nothing once AWSPENDING has gone or AWSCURRENT come. */
export async function endWaiting(
  { secretId, versionId }: Pick<Rotation, 'secretId' | 'versionId'>,
  { waiting }: Pick<SecretLabels, 'waiting'>,
  { secrets }: Pick<Ports, 'secrets'>,
): Promise<void> {
  for (const one of waiting) if (one.versionId === versionId) await secrets.unmarkWaiting(secretId, one);
}

/** `2026-11-29 04:23:00 UTC` */
export function utc({ until }: Pick<Waiting, 'until'>): string {
  return `${new Date(until.ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** What a human is told of it. */
export function waitsUntil(waiting: Waiting): string {
  return `waits until ${utc(waiting)} for a passive proxy to be sent its configuration with the ${waiting.way === 'forward' ? 'new' : 'old'} key`;
}
