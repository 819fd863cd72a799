/** Which places a rotation comes by: seen in one that is left alone. */
import { disturb } from './cut-short.ts';
import { effectsSeen } from './effects.ts';
import { endProblems } from './end-problems.ts';
import { kindName, type Lane, type Slot } from './lane.ts';
import { numbered, type Place, placeKey, type Way } from './point.ts';
import type { Seen } from './seen.ts';

/** @throws {Error} when that rotation does not end as it should: then nothing is to be learnt from it */
export async function learn(lane: Lane, slot: Slot, way: Way): Promise<Seen> {
  const { deployment, traffic } = lane;
  const { cloud, rotator } = deployment;
  const disturbance = await disturb(lane, slot, way);
  const from = { requests: cloud.requests.length, calls: traffic.calls.length, ms: Date.now() };
  const { outcome, versionId, failures } = await deployment.rotate(slot.secret);
  const endedMs = Date.now();
  await cloud.settled();
  const effects = effectsSeen(slot.host.machine);
  await disturbance.end();
  const problems = await endProblems(lane, slot, versionId, from.ms);
  if (problems.length > 0 || (outcome === 'succeeded') !== (way === 'forward'))
    throw new Error(
      `a rotation without a crash (${way}) ended as ${outcome}: ${[...problems, ...failures.map(({ errorMessage }) => errorMessage)].join('; ')}`,
    );

  const aws = cloud.requests
    .slice(from.requests)
    .filter(({ functionArn }) => functionArn?.endsWith(`:${rotator}`))
    .map(({ action, atMs }) => ({ call: action, atMs, untilMs: atMs }));
  const zabbix = traffic.calls
    .slice(from.calls)
    .map(({ method, askedMs, answeredMs }) => ({ call: method, atMs: askedMs, untilMs: answeredMs ?? askedMs }));
  // Of a way back only the way back: the rest is in the way forward.
  const sinceMs = way === 'forward' ? from.ms : goingBackMs(lane, slot, versionId);
  const during = ({ atMs }: { atMs: number }) => atMs >= sinceMs && atMs <= endedMs;
  const calls = [...places('aws', aws), ...places('zabbix', zabbix)].filter(during).toSorted((a, b) => a.atMs - b.atMs);
  return {
    ...{ way, host: kindName(slot.kind), quiet: quietPairs(lane, slot, calls) },
    places: [...calls.map(({ place }) => place), ...effects],
  };
}

interface Called {
  readonly call: string;
  readonly atMs: number;
  /** when its answer was given, where that is known */
  readonly untilMs: number;
}

interface CalledPlace extends Called {
  readonly place: Place;
}

function places(kind: 'aws' | 'zabbix', calls: readonly Called[]): readonly CalledPlace[] {
  const nths = numbered(calls.map(({ call }) => call));
  return calls.map((called, index) => ({
    ...called,
    place: { kind, call: called.call, nth: nths[index]?.nth ?? 1 },
  }));
}

/** The function's shortest pause is 125 ms here. */
const shorterThanAPauseMs = 100;

/** Neighbouring calls of one invocation between which nothing was told and no pause was made. */
function quietPairs(
  { deployment: { cloud, facts } }: Lane,
  { secret }: Slot,
  calls: readonly CalledPlace[],
): Seen['quiet'] {
  const toldMs = facts(secret).map(({ at }) => Date.parse(at));
  return calls.flatMap((call, index) => {
    const next = calls[index + 1];
    if (next === undefined || next.atMs - call.untilMs > shorterThanAPauseMs) return [];
    if (toldMs.some((ms) => ms >= call.atMs && ms <= next.atMs)) return [];
    const isIn = ({ atMs }: Called) =>
      cloud.invocations.findIndex((one) => atMs >= one.atMs && atMs <= one.atMs + one.durationMs);
    return isIn(call) === isIn(next) ? [[placeKey(call.place), placeKey(next.place)]] : [];
  });
}

function goingBackMs({ deployment }: Lane, { secret }: Slot, token: string): number {
  const decided = deployment.facts(secret).find((fact) => fact.event === 'rotation.goingBack' && fact.token === token);
  if (decided === undefined) throw new Error('the rotation did not go back');
  return Date.parse(decided.at);
}
