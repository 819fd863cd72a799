import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What runs for minutes: what is begun last must not keep the others waiting. */
const longest = [
  'lab/zabbix-7.0.test.ts',
  'lab/zabbix-6.0.test.ts',
  'lab/proxies-7.0.test.ts',
  'lab/permissions.test.ts',
  'stories/crash/crash.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => turnOf(a) - turnOf(b));
  }
}

function turnOf({ moduleId }: TestSpecification): number {
  const turn = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
  return turn === -1 ? longest.length : turn;
}
