import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Labs that run for minutes: what is begun last must not keep the others waiting. */
const longest = ['zabbix-7.0.test.ts', 'zabbix-6.0.test.ts', 'proxies-7.0.test.ts', 'permissions.test.ts'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => turnOf(a) - turnOf(b));
  }
}

function turnOf({ moduleId }: TestSpecification): number {
  const turn = longest.findIndex((name) => moduleId.endsWith(`/lab/${name}`));
  return turn === -1 ? longest.length : turn;
}
