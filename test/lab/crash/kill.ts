/** Points that are the same kill: the same dies, and the same has happened outside of it. One of them stands for all. */
import { type CrashPoint, type Place, placeKey, pointName, ways } from './point.ts';
import type { Seen } from './seen.ts';

export interface Kill {
  readonly point: CrashPoint;
  /** names of the other points that are the same kill */
  readonly standsFor: readonly string[];
}

/**
 * A function that dies before a call that only reads, and one that dies after it, have done the same. So have one that dies after a
 * call and one that dies before its next one, when it did nothing between the two, on whichever kind of host that comes by.
 * What a script does between two effects is not known here: each of its points stands for itself.
 */
export function kills(points: readonly CrashPoint[], seen: readonly Seen[]): readonly Kill[] {
  const firstOf = sameMoments(seen);
  const found = new Map<string, { readonly point: CrashPoint; readonly standsFor: string[] }>();
  for (const point of points) {
    const first = point.dies === 'function' ? firstOf(moment(point)) : pointName(point);
    const same = found.get(first);
    if (same === undefined) found.set(first, { point, standsFor: [] });
    else same.standsFor.push(pointName(point));
  }
  return [...found.values()];
}

function moment({ way, moment: beforeOrAfter, place }: Pick<CrashPoint, 'way' | 'moment' | 'place'>): string {
  return `${way} ${beforeOrAfter} ${placeKey(place)}`;
}

/** @returns for a moment of the function the one that stands for all that are the same */
function sameMoments(seen: readonly Seen[]): (of: string) => string {
  const next = new Map<string, string>();
  const lastOf = (of: string): string => {
    const after = next.get(of);
    return after === undefined ? of : lastOf(after);
  };
  const join = (one: string, other: string): void => {
    const [from, to] = [lastOf(one), lastOf(other)];
    if (from !== to) next.set(from, to);
  };
  for (const way of ways) {
    const ofWay = seen.filter((one) => one.way === way);
    for (const { places, quiet } of ofWay) {
      for (const place of places)
        if (onlyReads(place)) join(moment({ way, moment: 'before', place }), moment({ way, moment: 'after', place }));
      for (const pair of quiet)
        if (isQuietEverywhere(pair, ofWay)) join(`${way} after ${pair[0]}`, `${way} before ${pair[1]}`);
    }
  }
  return lastOf;
}

function isQuietEverywhere([key, nextKey]: readonly [string, string], ofWay: readonly Seen[]): boolean {
  return ofWay
    .filter(({ places }) => places.some((place) => placeKey(place) === key))
    .every(({ quiet }) => quiet.some(([one, other]) => one === key && other === nextKey));
}

/** By their names, which AWS and Zabbix keep to; script.execute and user.login do something. */
function onlyReads(place: Place): boolean {
  if (place.kind === 'aws') return /:(Describe|Get|List)[A-Z]/.test(place.call);
  return place.kind === 'zabbix' && /^apiinfo\.version$|\.get$/.test(place.call);
}
