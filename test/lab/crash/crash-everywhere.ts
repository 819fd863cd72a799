/** All crash points of a Zabbix version, or a fair sample of them, over the lanes of a lab. */
import type { ZabbixVersion } from '../release.ts';
import { codeHash } from './code.ts';
import { type CrashLab, kindsOf, settings, startCrashLab } from './crash-lab.ts';
import { type Kill, kills } from './kill.ts';
import { freshHost, kindName, type Lane, type Slot } from './lane.ts';
import { searchForKeys } from './leaks.ts';
import { learn } from './learn.ts';
import { type CrashPoint, crashPoints, pointName, spreadOut, type Targets, ways } from './point.ts';
import type { CutShort } from './results.ts';
import { rotateCutShort } from './rotate-cut-short.ts';
import { allPlaces, learntOnce, passes, type Seen, withoutKnown } from './seen.ts';
import type { TriedFile } from './tried.ts';
import { Worklist } from './worklist.ts';

export interface Choice {
  /** points whose names hold this */
  readonly only: string;
  /** how many of them */
  readonly sample: number;
  /** lanes */
  readonly parallel: number;
  /** when no more rotations are begun, as `Date.now()` tells it */
  readonly untilMs: number;
  /** whether what has been tried before is left out */
  readonly resume: boolean;
  /** whether what has ended otherwise than it must is tried again */
  readonly again: boolean;
}

export interface Told {
  during<T>(text: string, work: () => Promise<T>): Promise<T>;
  ended(rotation: CutShort, left: number): void;
}

/** What is still under way so long after the end of a stretch is given up, and begun again by the next one. Milliseconds. */
const mayLastMs = 60_000;

/** Tries the points and writes them down as they end. */
export async function crashEverywhere(
  version: ZabbixVersion,
  targets: Targets,
  { only, sample, parallel, untilMs, resume, again }: Choice,
  tried: TriedFile,
  told: Told,
): Promise<void> {
  const beganMs = Date.now();
  const lab = await told.during(`Zabbix ${version} and what is rotated (${targets}) start`, () =>
    startCrashLab(version, kindsOf(parallel, targets)),
  );
  try {
    const seen = await told.during('rotations without a crash, to learn where one can happen', () =>
      learntOnce(`${version} ${targets} ${codeHash()} ${settings.server} ${settings.hosts}`, async () =>
        withoutKnown(await learnAll(lab)),
      ),
    );
    const points = ways.flatMap((way) => crashPoints(targets, way, allPlaces(seen, way)));
    const different = kills(points, seen);
    tried.append({ targets, points: points.length, kills: different.length });
    const chosen = spreadOut(different.filter(({ point }) => pointName(point).includes(only))).slice(0, sample);
    const isLeft = leftOf(chosen, resume ? tried.read().rotations : [], again);
    const worklist = new Worklist(
      different.map(({ point }) => point),
      (point, kind) => passes(seen, kind, point),
      isLeft,
    );
    let givenUp = false;
    const ended = (rotation: CutShort, left: number): void => {
      if (givenUp) return;
      const standsFor = different.find(({ point }) => pointName(point) === rotation.name)?.standsFor ?? [];
      const whole = standsFor.length === 0 ? rotation : { ...rotation, standsFor };
      tried.append({ rotation: whole });
      told.ended(whole, left);
    };
    await Promise.race([inLanes(lab, worklist, { ended }, untilMs), passed(untilMs + mayLastMs)]);
    givenUp = true;
    const { leaks, keys } = await told.during('every key is looked for', () => searchForKeys(lab.zabbix, lab.lanes));
    const lastedS = Math.round((Date.now() - beganMs) / 1000);
    const found = { leaks: [...leaks], keys, strange: [...strangeIn(lab)] };
    tried.append({ stretch: { beganAt: new Date(beganMs).toISOString(), lastedS, parallel, ...found } });
  } finally {
    await lab.stop();
  }
}

function leftOf(chosen: readonly Kill[], tried: readonly CutShort[], again: boolean): (point: CrashPoint) => boolean {
  const wanted = new Set(chosen.map(({ point }) => pointName(point)));
  for (const { name, problems } of tried) {
    if (!again || problems.length === 0) wanted.delete(name);
  }
  return (point) => wanted.has(pointName(point));
}

function passed(atMs: number): Promise<void> {
  const leftMs = atMs - Date.now();
  return new Promise((resolve) => {
    if (Number.isFinite(leftMs)) setTimeout(resolve, leftMs).unref();
  });
}

async function learnAll({ lanes }: CrashLab): Promise<readonly Seen[]> {
  const begun = new Set<string>();
  const seen: Seen[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const slot of lane.slots) {
        for (const way of ways) {
          // Another lane's host of the same kind is at it, or has been.
          if (begun.has(`${way} ${kindName(slot.kind)}`)) continue;
          begun.add(`${way} ${kindName(slot.kind)}`);
          seen.push(await learn(lane, slot, way));
        }
      }
    }),
  );
  return seen;
}

export async function inLanes(
  { lanes }: Pick<CrashLab, 'lanes'>,
  worklist: Worklist,
  { ended }: Pick<Told, 'ended'>,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<readonly CutShort[]> {
  const rotations: CutShort[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      while (Date.now() < untilMs) {
        const work = worklist.next(
          lane.retries,
          lane.slots.map(({ kind }) => kindName(kind)),
        );
        const slot = lane.slots.find(({ kind }) => kindName(kind) === work?.kind);
        if (work === undefined || slot === undefined) return;
        const rotation = await cutShortOrWhy(lane, slot, work.point);
        if (!rotation.reached && rotation.problems.length === 0 && worklist.again(work.point)) continue;
        rotations.push(rotation);
        ended(rotation, worklist.left);
      }
    }),
  );
  return rotations;
}

/** A lab that cannot carry a crash out has not shown anything: that counts as a problem of its point. */
async function cutShortOrWhy(lane: Lane, slot: Slot, point: CrashPoint): Promise<CutShort> {
  try {
    return await rotateCutShort(lane, slot, point);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    lane.deployment.cloud.faults.clear();
    lane.traffic.observer = undefined;
    Object.assign(slot, await freshHost(lane, slot.kind));
    const about = {
      host: kindName(slot.kind),
      retries: lane.retries,
      reached: false,
      attempts: 0,
      byHourlyLook: false,
    };
    const nothing = { outcome: 'no end', records: 0, tookS: 0 } as const;
    return { name: pointName(point), ...point, ...about, ...nothing, problems: [`the lab: ${why}`] };
  }
}

export function strangeIn({ lanes }: Pick<CrashLab, 'lanes'>): readonly string[] {
  return lanes.flatMap(({ deployment: { cloud } }) => [
    ...cloud.unsupported,
    ...cloud.breakdowns,
    ...cloud.denials.map(({ message }) => message),
  ]);
}
