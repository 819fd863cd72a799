/** A few of the crash points; `npm run test:crash` goes through all of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inLanes, strangeIn } from '../crash/crash-everywhere.ts';
import { type CrashLab, startCrashLab } from '../crash/crash-lab.ts';
import { kindName } from '../crash/lane.ts';
import { searchForKeys } from '../crash/leaks.ts';
import type { CutShort } from '../crash/results.ts';
import { sample } from '../crash/sample.ts';
import { Worklist } from '../crash/worklist.ts';
import type { ZabbixVersion } from '../release.ts';

export function cutShortOn(version: ZabbixVersion): void {
  describe(`a rotation that is cut short on Zabbix ${version}`, () => {
    let lab: CrashLab | undefined;
    beforeAll(async () => {
      // A lane for each kind of host: no rotation waits for another.
      lab = await startCrashLab(
        version,
        sample.map(({ kind }) => [kind]),
      );
    });
    afterAll(() => lab?.stop());

    test('ends with one key on both sides, wherever it was cut short', async () => {
      if (lab === undefined) throw new Error('the lab did not start');
      const points = sample.map(({ point }) => point);
      const isFor = (point: (typeof points)[number], kind: string) =>
        sample.some((one) => one.point === point && kindName(one.kind) === kind);
      const rotations = await inLanes(lab, new Worklist(points, isFor), { ended: tell });

      expect(
        rotations.flatMap(({ name, problems, story = [] }) =>
          problems.flatMap((problem) => [`${name}: ${problem}`, ...story]),
        ),
      ).toEqual([]);
      expect(rotations.filter(({ reached }) => reached)).toHaveLength(sample.length);
      expect((await searchForKeys(lab.zabbix, lab.lanes)).leaks).toEqual([]);
      expect(strangeIn(lab)).toEqual([]);
    });
  });
}

function tell({ name, host, outcome, reached, retries, tookS }: CutShort): void {
  const how = `${outcome}${reached ? '' : ', not reached'}${retries ? '' : ', repaired'}`;
  console.info(`${name} · ${host} · ${how} · ${tookS} s`);
}
