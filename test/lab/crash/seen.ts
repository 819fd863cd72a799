/** What rotations that were left alone came by, kind of host by kind of host: learnt once for each code, since it takes minutes. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { cacheFolder } from '../root.ts';
import { type CrashPoint, type Place, placeKey, placeName, placeShape, type Way, ways } from './point.ts';

const seenShape = z.object({
  way: z.enum(ways),
  /** as `kindName` */
  host: z.string(),
  /** in the order in which the rotation came by them: the function's calls, then what the scripts did */
  places: z.array(placeShape).readonly(),
  /** neighbouring calls of the function, by their keys, between which it did nothing: it neither paused nor told anything */
  quiet: z.array(z.tuple([z.string(), z.string()])).readonly(),
});
export type Seen = z.infer<typeof seenShape>;

/** @param about everything that decides what a rotation comes by */
export async function learntOnce(about: string, learn: () => Promise<readonly Seen[]>): Promise<readonly Seen[]> {
  const folder = `${cacheFolder}/crash`;
  const file = `${folder}/seen-${createHash('sha256').update(about).digest('hex').slice(0, 12)}.json`;
  if (existsSync(file)) return z.array(seenShape).parse(JSON.parse(readFileSync(file, 'utf8')));
  const seen = await learn();
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(seen));
  return seen;
}

/** What a rotation does on its way forward is not told again of the ways back. */
export function withoutKnown(seen: readonly Seen[]): readonly Seen[] {
  return seen.map((one) => {
    const forward = seen.find(({ way, host }) => way === 'forward' && host === one.host);
    if (one.way === 'forward' || forward === undefined) return one;
    const known = new Set(forward.places.filter(isOnNode).map(placeName));
    return { ...one, places: one.places.filter((place) => !isOnNode(place) || !known.has(placeName(place))) };
  });
}

function isOnNode(place: Place): boolean {
  return place.kind === 'node' && place.verb !== 'forget';
}

/** Every place of a way, whichever kind of host comes by it. */
export function allPlaces(seen: readonly Seen[], way: Way): readonly Place[] {
  const places = seen.filter((one) => one.way === way).flatMap((one) => one.places);
  return [...new Map(places.map((place) => [placeKey(place), place])).values()];
}

export function passes(
  seen: readonly Seen[],
  kind: string,
  { way, place }: Pick<CrashPoint, 'way' | 'place'>,
): boolean {
  const key = placeKey(place);
  return seen.some(
    (one) => one.way === way && one.host === kind && one.places.some((known) => placeKey(known) === key),
  );
}
