/** What a run over all kinds has measured, as `docs/bench/kinds.json` holds it. Seconds by the lab's one clock. */
import { z } from 'zod';
import { computerShape } from '../results.ts';
import { kinds, reloads } from './kind.ts';

const item = z.object({
  holeS: z.number(),
  lost: z.number(),
  /** between a value's own time and the moment when the server's database had it, the longest */
  latestS: z.number(),
});
const items = z.object({ passive: item, active: item });
export type Items = z.infer<typeof items>;

const rotation = z.object({
  kind: z.enum(kinds),
  reload: z.enum(reloads),
  round: z.number(),
  /** how long before the rotation the server had renewed its cache */
  beganAfterRenewalS: z.number(),
  /** how it was known that the new key is accepted */
  gate: z.string(),
  /** from the give until the new key was seen to be accepted */
  acceptedS: z.number(),
  /** from the give until the last target was proven */
  provenS: z.number(),
  /** of the agent whose key is rotated */
  own: items.optional(),
  /** of a host behind the proxy whose key is rotated */
  behind: items.optional(),
});
export type KindRotation = z.infer<typeof rotation>;

const version = z.object({
  zabbix: z.string(),
  /** seconds between two renewals of the server's configuration cache, its default */
  cacheUpdateS: z.number(),
  /** the computer's, over the last minute, when each round began */
  loadAverage: z.array(z.number()),
  rotations: z.array(rotation),
  leftOut: z.array(z.object({ kind: z.enum(kinds), reload: z.enum(reloads), because: z.string() })),
});
export type KindsOfVersion = z.infer<typeof version>;

export const kindResultsShape = z.object({
  measuredAt: z.string(),
  computer: computerShape,
  settings: z.record(z.string(), z.string()),
  versions: z.array(version),
});
export type KindResults = z.infer<typeof kindResultsShape>;
