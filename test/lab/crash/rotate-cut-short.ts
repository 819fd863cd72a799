/** One rotation that is cut short at a point, what brings it to an end, and what is true then. */
import { disturb } from './cut-short.ts';
import { endProblems, leftLabels, recordedEnds } from './end-problems.ts';
import { freshHost, kindName, type Lane, type Slot } from './lane.ts';
import { type CrashPoint, pointName } from './point.ts';
import { type CutShort, outcomeOf } from './results.ts';
import { story } from './story.ts';

export async function rotateCutShort(lane: Lane, slot: Slot, point: CrashPoint): Promise<CutShort> {
  const { deployment, retries } = lane;
  const { targets, way, place, moment, dies } = point;
  const { cloud } = deployment;
  const disturbance = await disturb(lane, slot, point.way, point);
  const startedMs = Date.now();
  const { versionId, attempts } = await deployment.rotate(slot.secret);
  await cloud.settled();
  // The hourly look finds what is still open then: retries have ended and the repair at once could not bring it to an end.
  const byHourlyLook = leftLabels(deployment, slot.secret).length > 0;
  if (byHourlyLook) {
    await cloud.invoke(repairer(lane), { repair: `zabbix-psk/${slot.secret}` });
    await cloud.settled();
  }
  const reached = await disturbance.end();
  const problems = await endProblems(lane, slot, versionId, startedMs);
  const ends = recordedEnds(deployment, slot.secret, versionId);
  const tookS = Math.round((Date.now() - startedMs) / 100) / 10;
  const host = kindName(slot.kind);
  const told = problems.length === 0 ? {} : { story: story(lane, slot, startedMs) };
  // What a failed rotation has left must not become the next one's problem.
  if (problems.length > 0) Object.assign(slot, await freshHost(lane, slot.kind));
  return {
    ...{ name: pointName(point), targets, way, place, moment, dies, host, retries, reached, attempts, byHourlyLook },
    ...{ outcome: outcomeOf(ends.map(({ outcome }) => outcome)), records: ends.length, tookS, problems, ...told },
  };
}

function repairer({ deployment }: Lane): string {
  const name = deployment.cloud.stack.outputs.RepairFunction;
  if (typeof name !== 'string') throw new Error('the stack has no repair function');
  return name;
}
