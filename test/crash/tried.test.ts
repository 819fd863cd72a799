import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CutShort } from '../lab/crash/results.ts';
import { TriedFile } from '../lab/crash/tried.ts';

const folder = mkdtempSync(join(tmpdir(), 'zabbix-psk-tried-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rotation: CutShort = {
  ...{
    name: 'forward: after host.update, the function dies',
    targets: 'host',
    way: 'forward',
    moment: 'after',
    dies: 'function',
  },
  ...{ place: { kind: 'zabbix', call: 'host.update', nth: 1 }, host: 'zabbix_agent2, both', retries: false },
  ...{ reached: true, attempts: 1, byHourlyLook: false, outcome: 'rotated', records: 1, tookS: 41.5, problems: [] },
};

test('a run goes on with what an earlier one has written, even if that was killed in mid-sentence', () => {
  new TriedFile('killed', folder).append({ targets: 'host', points: 6, kills: 4 });
  new TriedFile('killed', folder).append({ rotation });
  appendFileSync(join(folder, 'tried-killed.jsonl'), '{"rotation":{"name":"forw');
  expect(new TriedFile('killed', folder).read()).toEqual({
    rotations: [rotation],
    stretches: [],
    of: { points: 6, kills: 4 },
  });
});

test('of a point that was tried again the last time counts, and what was wrong before is kept', () => {
  const file = new TriedFile('again', folder);
  file.append({ rotation: { ...rotation, problems: ['labels are left: AWSPENDING'] } });
  file.append({ rotation });
  expect(file.read().rotations).toEqual([{ ...rotation, earlierProblems: ['labels are left: AWSPENDING'] }]);
});

test('the points of hosts and of others are counted together, each as they were counted last', () => {
  const file = new TriedFile('counted', folder);
  file.append({ targets: 'host', points: 6, kills: 4 });
  file.append({ targets: 'unencrypted', points: 5, kills: 3 });
  file.append({ targets: 'host', points: 7, kills: 5 });
  expect(file.read().of).toEqual({ points: 12, kills: 8 });
});

test('what was tried on other code is not known', () => {
  new TriedFile('7.0-old', folder).append({ rotation });
  expect(new TriedFile('7.0-new', folder).read().rotations).toEqual([]);
});
