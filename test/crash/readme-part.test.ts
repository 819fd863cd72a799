import { expect, test } from 'vitest';
import { marks, withReadmePart } from '../lab/crash/readme-part.ts';
import type { CutShort, Results } from '../lab/crash/results.ts';

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
const results: Results = {
  ...{ measuredAt: '2026-01-05T12:00:00Z', computer: { cores: 2, memoryGb: 4, kernel: 'Linux 6', node: 'v24' } },
  settings: {},
  versions: [
    {
      ...{ zabbix: '7.0', code: 'c0de', points: 9, kills: 7, stretches: [], leaks: [], keys: 12, strange: [] },
      rotations: [
        { ...rotation, standsFor: ['forward: before item.get, the function dies'] },
        { ...rotation, dies: 'node', outcome: 'rolled-back' },
        { ...rotation, dies: 'worker', outcome: 'rotated', problems: ['left on the node: state'] },
        { ...rotation, reached: false },
      ],
    },
  ],
};

test('README tells of each version how many of its points were tried, what died there and how it ended', () => {
  const readme = withReadmePart(`before\n${marks.begin}\nold\n${marks.end}\nafter\n`, results);
  expect(readme).toContain('| Zabbix 7.0: 3 | 5 of 9 | 1 | 0 | 1 | 1 | 2 | 1 | 1 | 0 of 12 |');
  expect(readme).not.toContain('old\n');
  expect(readme.startsWith('before\n')).toBe(true);
  expect(readme.endsWith('\nafter\n')).toBe(true);
});
