import { waitingLabels } from '../contract.ts';
import type { Instant } from '../rotation/model.ts';
import type { Waiting } from '../rotation/ports.ts';

/** What a version carries while its rotation waits. The time is in the label itself: the two come and go together, in one call. */
export function waitingLabel({ way, until }: Pick<Waiting, 'way' | 'until'>): string {
  return `${waitingLabels[way]}${new Date(until.ms).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}

const labelled = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)Z$/;

/** What a version's labels say of it. */
export function waitingOf(versionId: string, labels: readonly string[]): readonly Waiting[] {
  return (['forward', 'back'] as const).flatMap((way) =>
    labels
      .filter((label) => label.startsWith(waitingLabels[way]))
      .map((label) => Date.parse(label.slice(waitingLabels[way].length).replace(labelled, '$1:$2:$3Z')))
      .filter((ms) => !Number.isNaN(ms))
      .map((ms) => ({ versionId, way, until: { ms } })),
  );
}

/** Until when all of them wait; undefined: there are none. */
export function lastOf(waiting: readonly Pick<Waiting, 'until'>[]): Instant | undefined {
  return waiting.length === 0 ? undefined : { ms: Math.max(...waiting.map(({ until }) => until.ms)) };
}
