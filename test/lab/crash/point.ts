/** Where a rotation can be cut short, and what dies there. */
import { z } from 'zod';
import { verbs } from '../../../lambda/contract.ts';

/**
 * Which way the rotation goes when it is cut short. `cannot-start`: the agent does not start with the new key; its node goes back by
 * itself, and the function after it. `taken-back`: the agent has its new key when the version is marked as going back: a real restore.
 */
export const ways = ['forward', 'cannot-start', 'taken-back'] as const;
export type Way = (typeof ways)[number];

/**
 * What is rotated. `proxy and agent`: an active proxy and the agent on its machine, with one key file; `unencrypted`: a host that gets its
 * first key, and takes nothing else from then on.
 */
export const allTargets = ['host', 'proxy and agent', 'unencrypted'] as const;
export type Targets = (typeof allTargets)[number];

export const placeShape = z.discriminatedUnion('kind', [
  /** The n-th call of that action, or of that method of Zabbix' API, that the rotation function makes. */
  z.object({ kind: z.enum(['aws', 'zabbix']), call: z.string(), nth: z.number() }).readonly(),
  /** The n-th effect of that name in the scripts of a verb. `worker`: the exchange in a session of its own. */
  z
    .object({
      kind: z.literal('node'),
      verb: z.enum(verbs),
      session: z.enum(['script', 'worker']),
      effect: z.string(),
      nth: z.number(),
    })
    .readonly(),
]);
export type Place = z.infer<typeof placeShape>;

export type Moment = 'before' | 'after';

/** `script`: its process group, as the SSM agent kills it; `worker`: the session of the exchange; `node`: everything on it. */
export type Dies = 'function' | 'script' | 'worker' | 'node';

export interface CrashPoint {
  readonly targets: Targets;
  readonly way: Way;
  readonly place: Place;
  readonly moment: Moment;
  readonly dies: Dies;
}

/** `forward: before secretsmanager:PutSecretValue, the function dies`; of others than a host `unencrypted, forward: …` */
export function pointName({ targets, way, place, moment, dies }: CrashPoint): string {
  return `${wayName({ targets, way })}: ${moment} ${placeName(place)}, the ${dies} dies`;
}

export function wayName({ targets, way }: Pick<CrashPoint, 'targets' | 'way'>): string {
  return targets === 'host' ? way : `${targets}, ${way}`;
}

export function placeName(place: Place): string {
  const which = place.nth === 1 ? '' : ` (${place.nth})`;
  if (place.kind !== 'node') return `${place.call}${which}`;
  return `${place.verb}${place.session === 'worker' ? "'s worker" : ''}: ${place.effect}${which}`;
}

/** Tells places apart within a way. */
export function placeKey(place: Place): string {
  return `${place.kind} ${placeName(place)}`;
}

/** What a place is counted under in the table. */
export function placeGroup(place: Place): string {
  switch (place.kind) {
    case 'aws':
      return 'calls to AWS';
    case 'zabbix':
      return "calls of Zabbix' API";
    case 'node':
      return place.session === 'worker' ? `${place.verb}, its worker` : place.verb;
  }
}

/** Every way to die at the places of one way, in the order in which a rotation comes by them. */
export function crashPoints(targets: Targets, way: Way, places: readonly Place[]): readonly CrashPoint[] {
  return places.flatMap((place) => {
    const at = (moment: Moment, dies: Dies): CrashPoint => ({ targets, way, place, moment, dies });
    if (place.kind !== 'node') return [at('before', 'function'), at('after', 'function')];
    // The command becomes the worker: it has no moment after it.
    if (place.effect === 'setsid exchange') return [at('before', 'script')];
    const killed = [at('before', place.session), at('after', place.session)];
    // Where nothing of the agent is touched a node that goes down differs in nothing from a script that is killed.
    return place.verb === 'switch' || place.verb === 'restore' ? [...killed, at('after', 'node')] : killed;
  });
}

/** In an order whose every beginning is a fair sample: each stretch of a rotation has its share of it. */
export function spreadOut<T>(all: readonly T[]): readonly T[] {
  const goldenRatio = (Math.sqrt(5) - 1) / 2;
  return all
    .map((one, index) => ({ one, turn: (index * goldenRatio) % 1 }))
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ one }) => one);
}

/** The same name again and again becomes its first, second, … occurrence. */
export function numbered(names: readonly string[]): readonly { readonly name: string; readonly nth: number }[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { name, nth };
  });
}
