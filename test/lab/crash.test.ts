/** A few of the crash points; `npm run test:crash` goes through all of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inLanes, strangeIn } from './crash/crash-everywhere.ts';
import { type CrashLab, startCrashLab } from './crash/crash-lab.ts';
import { kindName } from './crash/lane.ts';
import { searchForKeys } from './crash/leaks.ts';
import type { CutShort } from './crash/results.ts';
import { sample } from './crash/sample.ts';
import { Worklist } from './crash/worklist.ts';
import type { ZabbixVersion } from './release.ts';

const versions = ['6.0', '7.0'] as const;

describe('a rotation that is cut short', () => {
  const labs = new Map<ZabbixVersion, CrashLab>();
  beforeAll(async () => {
    const starting = versions.map(async (version) => {
      // A lane for each kind of host: no rotation waits for another.
      const lanes = sampleOf(version).map(({ kind }) => [kind]);
      labs.set(version, await startCrashLab(version, lanes));
    });
    await Promise.all(starting);
  });
  afterAll(async () => {
    await Promise.all([...labs.values()].map((lab) => lab.stop()));
  });

  test.concurrent.each(versions)(
    'on Zabbix %s ends with one key on both sides, wherever it was cut short',
    async (version) => {
      const lab = labs.get(version);
      if (lab === undefined) throw new Error('the lab did not start');
      const crashes = sampleOf(version);
      const points = crashes.map(({ point }) => point);
      const isFor = (point: (typeof points)[number], kind: string) =>
        crashes.some((one) => one.point === point && kindName(one.kind) === kind);
      const rotations = await inLanes(lab, new Worklist(points, isFor), { ended: tell });

      expect(
        rotations.flatMap(({ name, problems, story = [] }) =>
          problems.flatMap((problem) => [`${name}: ${problem}`, ...story]),
        ),
      ).toEqual([]);
      expect(rotations.filter(({ reached }) => reached)).toHaveLength(crashes.length);
      expect((await searchForKeys(lab.zabbix, lab.lanes)).leaks).toEqual([]);
      expect(strangeIn(lab)).toEqual([]);
    },
  );
});

function sampleOf(version: ZabbixVersion): typeof sample {
  return sample.filter((one) => one.version === version);
}

function tell({ name, host, outcome, reached, retries, tookS }: CutShort): void {
  const how = `${outcome}${reached ? '' : ', not reached'}${retries ? '' : ', repaired'}`;
  console.info(`${name} · ${host} · ${how} · ${tookS} s`);
}
