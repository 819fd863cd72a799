/** A world in which nothing exists yet. */
import { type Clock, realClock } from './clock.ts';
import { Faults } from './faults.ts';
import { defaultHabits, type Habits } from './habits.ts';
import { Permissions } from './iam/permissions.ts';
import { Environments } from './lambda/environments.ts';
import { defaultPlace, type Place } from './place.ts';
import { Records } from './records.ts';
import { RequestRates } from './secrets-manager/request-rates.ts';
import type { World } from './world.ts';

interface Circumstances {
  readonly clock?: Clock;
  readonly habits?: Partial<Habits>;
  readonly place?: Partial<Place>;
}

/** @param pending work in the background, for whoever wants to wait for it */
export function emptyWorld(options: Circumstances, pending: Set<Promise<void>>): World {
  const clock = options.clock ?? realClock;
  const place = { ...defaultPlace, ...options.place };
  const habits = { ...defaultHabits, ...options.habits };
  const records = new Records();
  const environments = new Environments();
  const world: World = {
    clock,
    place,
    records,
    environments,
    habits,
    faults: new Faults(),
    permissions: new Permissions(place, records, clock, habits.callsComeByTls),
    callers: new Map(),
    secretAccessKeys: new Map(),
    buckets: new Map(),
    requestRates: new RequestRates(),
    s3Calls: 0,
    secrets: new Map(),
    functions: new Map(),
    roles: new Map(),
    managedPolicies: new Map(),
    topics: new Map(),
    rules: new Map(),
    handedOver: new Map(),
    alarms: new Map(),
    keys: new Map(),
    queues: new Map(),
    keyAliases: new Map(),
    documents: new Map(),
    logGroups: new Map(),
    metricFilters: [],
    nodes: new Map(),
    commands: new Map(),
    endpoint: '',
    closing: false,
    background(name, work) {
      const task = work()
        .catch((error: unknown) => {
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          if (!world.closing) records.breakdowns.push(`${name}: ${text}`);
        })
        .finally(() => pending.delete(task));
      pending.add(task);
    },
  };
  environments.attach(world);
  return world;
}
