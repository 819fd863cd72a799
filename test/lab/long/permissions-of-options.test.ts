import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deploy, synthesizeFor } from '../deployment.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { exercise } from '../permissions/exercise.ts';
import {
  expectNothingDeniedNorIdle,
  repairEndsWithoutRecord,
  rotationEndsWithoutRecord,
} from '../permissions/looks.ts';
import { goneByOptions, labelsIn, needed, neededByOptions } from '../permissions/needed.ts';
import { namesOf } from '../permissions/seen.ts';
import { allowing, late, type Without, withoutStatements } from '../permissions/without.ts';
import type { Synthesized } from '../synthesize.ts';
import { grantReportAccess } from '../zabbix/report-access.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';

/** What `permissions.test.ts` does with an inventory of few options, for the statements that the other options add. */
describe('no statement that an option adds is idle', () => {
  let zabbix: ZabbixLab | undefined;
  let synthesized: Synthesized | undefined;
  let idle: SmallHost | undefined;
  let reportAccess: { readonly token: string } | undefined;

  beforeAll(async () => {
    // Only 6.0 makes anybody wait for a passive proxy.
    zabbix = await startZabbix({ version: '6.0', server: { cacheUpdateFrequencyS: 5 } });
    [synthesized, idle, reportAccess] = await Promise.all([
      synthesizeFor(zabbix, {
        secrets: ['forward', 'back', 'cut', 'late', 'away', 'away-too', 'away-report', 'idle'],
        reports: true,
        evidenceUnderStackKey: true,
        configRules: true,
        proxyConfigFrequencyS: 90,
        reload: { servers: [zabbix.serverNode.instanceId], proxies: { far: 'mi-0eeeeeeeeeeeeeeee' } },
        timeouts: { serverWaitS: 60, agentStartS: 5, proveTimeoutS: 120 },
      }),
      zabbix.host({ name: 'idle', agent: 'zabbix_agentd' }),
      grantReportAccess(zabbix),
    ]);
  });
  afterAll(async () => {
    await zabbix?.stop();
    await synthesized?.remove();
  });

  const without: Without = (labels, look) => withoutStatements(present(zabbix), present(synthesized), labels, look);

  test('the options add what has its row here, and take away what tells of every failure at once', () => {
    const rows = [...labelsIn(needed).filter((label) => !goneByOptions.includes(label)), ...labelsIn(neededByOptions)];
    expect(allowing(present(synthesized))).toEqual(rows.sort());
  });

  describe.concurrent('side by side', () => {
    test('with all of them everything works, and each is needed in every part', async () => {
      const stack = await deploy(present(zabbix), present(synthesized), late);
      try {
        await stack.reportSignsInWith(present(reportAccess));
        await exercise(stack, present(zabbix), present(idle));
        await stack.cloud.fire('RepairerWaiting');
        expectNothingDeniedNorIdle(stack);
      } finally {
        await stack.close();
      }
    });

    test.each(neededByOptions.toRecord)('without %s a rotation ends without a record of its own', (label) =>
      without([label], rotationEndsWithoutRecord),
    );

    test.each(neededByOptions.toRecordRepairs)('without %s a repair ends without a record', (label) =>
      without([label], (stack) => repairEndsWithoutRecord(stack, present(idle))),
    );

    test.each(neededByOptions.toReport)('without %s there is no report', (label) =>
      without([label], async (stack) => {
        await stack.reportSignsInWith(present(reportAccess));
        expect((await stack.report()).error?.errorMessage).toMatch(/^S3 says AccessDenied: .* perform: kms:/);
        expect(namesOf(stack).filter((name) => /manifest/.test(name))).toEqual([]);
      }),
    );

    test.each(neededByOptions.toLookAtWaiting)('without %s nobody looks after rotations that wait', (label) =>
      without([label], async ({ cloud }) => {
        await cloud.fire('RepairerWaiting');
        expect(cloud.invocations).toEqual([]);
        expect(cloud.denials.map(({ caller }) => caller)).toEqual(['events.amazonaws.com']);
        await cloud.fire('RepairerRegularly');
        expect(cloud.invocations).toHaveLength(1);
      }),
    );
  });
});

function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
