import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportShape } from '../../lambda/reports/report-shape.ts';
import { type Deployment, deploy, synthesizeFor } from './deployment.ts';
import type { SmallHost } from './hosts/small-host.ts';
import { exercise } from './permissions/exercise.ts';
import { killRotator, movesCurrentOf } from './permissions/kill-rotator.ts';
import { expectNothingDeniedNorIdle, repairEndsWithoutRecord, rotationEndsWithoutRecord } from './permissions/looks.ts';
import { labelsIn, needed } from './permissions/needed.ts';
import { errorsOf, namesOf, objectsOf } from './permissions/seen.ts';
import { allowing, late, type Without, withoutStatements } from './permissions/without.ts';
import type { Synthesized } from './synthesize.ts';
import { grantReportAccess } from './zabbix/report-access.ts';
import { startZabbix, type ZabbixLab } from './zabbix/zabbix-lab.ts';

describe('no statement is idle', () => {
  let zabbix: ZabbixLab | undefined;
  let synthesized: Synthesized | undefined;
  let idle: SmallHost | undefined;
  let reportAccess: { readonly token: string } | undefined;

  beforeAll(async () => {
    zabbix = await startZabbix({ server: { cacheUpdateFrequencyS: 5 } });
    const secrets = ['forward', 'back', 'cut', 'late', 'described', 'away', 'away-too', 'away-report', 'idle'];
    // One host for all that never get as far as changing it.
    [synthesized, idle, reportAccess] = await Promise.all([
      synthesizeFor(zabbix, {
        secrets,
        reports: true,
        reload: { servers: [zabbix.serverNode.instanceId] },
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

  /** What a report says of a stack in which a host was adopted and a rotation was refused. */
  async function findingsOf(stack: Deployment): Promise<readonly string[]> {
    await stack.reportSignsInWith(present(reportAccess));
    // A secret that nobody has adopted is refused, and a refusal is a record.
    await stack.rotate('away');
    await stack.adopt('idle', [present(idle)]);
    expect((await stack.report()).error).toBeUndefined();
    const written = objectsOf(stack, /\/report\.json$/).map((body) => reportShape.parse(JSON.parse(body)));
    return written.flatMap(({ findings }) => findings.map(({ rule, name }) => `${rule} ${name}`));
  }

  const without: Without = (labels, look) => withoutStatements(present(zabbix), present(synthesized), labels, look);

  test('every statement that allows something has its row here', () => {
    expect(allowing(present(synthesized))).toEqual(labelsIn(needed));
  });

  describe.concurrent('side by side', () => {
    // The longest first.
    test('with all of them everything works, and each is needed in every part', async () => {
      const stack = await deploy(present(zabbix), present(synthesized), late);
      try {
        await stack.reportSignsInWith(present(reportAccess));
        await exercise(stack, present(zabbix), present(idle));
        expectNothingDeniedNorIdle(stack);
      } finally {
        await stack.close();
      }
    });

    test.each(needed.toRotate)('without %s no rotation succeeds', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        const { outcome, failures } = await stack.rotate('idle');
        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(/not authorized to perform|may not|not allowed/);
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toAsk)('without %s nobody can ask for a rotation in the console', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        const { error } = await stack.invoke({ rotate: 'zabbix-psk/idle' });
        expect(error?.errorMessage).toMatch(/not authorized to perform: lambda:InvokeFunction/);
      }),
    );

    test.each(needed.toRepair)('without %s no repair succeeds', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.repair('idle')).error?.errorMessage).toMatch(
          /not authorized to perform|may not|not allowed/,
        );
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toInspect)('without %s a repair cannot ask the node', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.repair('idle')).error).toBeUndefined();
        expect(stack.facts('idle')).toContainEqual(expect.objectContaining({ event: 'target.notInspected' }));
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toFinish)('without %s an unfinished rotation stays unfinished', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        killRotator(stack, ({ action }) => action === 'secretsmanager:PutSecretValue');
        await stack.rotate('idle');
        expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/not authorized to perform/)]);
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toRecord)('without %s a rotation ends without a record of its own', (label) =>
      without([label], rotationEndsWithoutRecord),
    );

    test.each(needed.toRecordRepairs)('without %s a repair ends without a record', (label) =>
      without([label], (stack) => repairEndsWithoutRecord(stack, present(idle))),
    );

    test('without leave to describe them no record tells which document exchanged the keys', async () => {
      const host = await present(zabbix).host({ name: 'described', agent: 'zabbix_agentd' });
      await without(needed.toDescribe, async (stack) => {
        stack.cloud.addNode(host);
        await stack.adopt('described', [host]);
        expect(await stack.rotate('described')).toMatchObject({ outcome: 'succeeded' });
        killRotator(stack, movesCurrentOf('described'));
        expect(await stack.rotate('described')).toMatchObject({ outcome: 'failed' });
        const kept = objectsOf(stack).map((body) => JSON.parse(body));
        expect(kept).toMatchObject([
          { outcome: 'rotated', document: null, endedBy: { task: 'rotate' } },
          { outcome: 'rotated', document: null, endedBy: { task: 'repair' } },
        ]);
      });
    });

    test.each(needed.toLook)('without %s the hourly look fails', (label) =>
      without([label], async (stack) => {
        await stack.cloud.fire('RepairerRegularly');
        expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/not authorized to perform/)]);
      }),
    );

    test.each(Object.entries(needed.toCall))('without %s the repair function is not called by %s', (label, rule) =>
      without([label], async (stack) => {
        // A secret that nobody has adopted fails at once.
        expect(await stack.rotate('away')).toMatchObject({ outcome: 'failed' });
        await stack.cloud.fire('RepairerRegularly');
        const calls = stack.cloud.invocations.filter(({ functionName }) => functionName === stack.repairer);
        const by = calls.map(({ event }) =>
          JSON.stringify(event) === '{"repair":"all"}' ? 'RepairerRegularly' : 'FailedRotations',
        );
        expect(by).toEqual(['FailedRotations', 'RepairerRegularly'].filter((other) => other !== rule));
        expect(stack.cloud.denials.map(({ caller }) => caller)).toEqual(['events.amazonaws.com']);
      }),
    );

    test.each(Object.entries(needed.toReport))('without %s there is no report', (label, says) =>
      without([label], async (stack) => {
        await stack.reportSignsInWith(present(reportAccess));
        expect((await stack.report()).error?.errorMessage).toMatch(says);
        await stack.cloud.settled();
        expect(namesOf(stack).filter((name) => /manifest/.test(name))).toEqual([]);
        expect(stack.cloud.messages.map(({ message }) => message)).toEqual([
          expect.stringContaining('docs/runbook.md#alarm-report-failed'),
        ]);
      }),
    );

    test.each(Object.entries(needed.toFindOut))('without %s a report has the finding %s', (label, finding) =>
      without([label], async (stack) => expect(await findingsOf(stack)).toContain(finding)),
    );

    test('with all of them a report has none of these findings', () =>
      without([], async (stack) => {
        const findings = await findingsOf(stack);
        expect(findings).toContain('never-rotated zabbix-psk/idle');
        expect(Object.values(needed.toFindOut).filter((finding) => findings.includes(finding))).toEqual([]);
        expect(stack.cloud.messages.filter(({ message }) => message.includes('alarm-report-failed'))).toEqual([]);
      }));

    test.each(needed.toAskRegularly)('without %s no report is made by the schedule', (label) =>
      without([label], async ({ cloud }) => {
        await cloud.fire('ReporterRegularly');
        expect(cloud.invocations).toEqual([]);
        expect(cloud.denials.map(({ caller }) => caller)).toEqual(['events.amazonaws.com']);
      }),
    );

    test.each(Object.entries(needed.toLog))('without %s the log of the %s stays empty', (label, which) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.invoke({ inspect: 'zabbix-psk/idle' })).error).toBeUndefined();
        expect((await stack.repair('idle')).error).toBeUndefined();
        expect((await stack.report()).error).toBeUndefined();
        const kept = new Set(
          stack.cloud.logs.flatMap(({ delivered, functionName }) => (delivered ? [functionName] : [])),
        );
        const functions = (['rotator', 'repairer', 'reporter'] as const).filter((name) => kept.has(stack[name]));
        expect(functions).toEqual(['rotator', 'repairer', 'reporter'].filter((name) => name !== which));
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(Object.entries(needed.toTell))('without %s no failure is told by %s', (label, service) =>
      without([label], async ({ rotate, cloud }) => {
        // A secret that nobody has adopted fails at once.
        expect(await rotate('away')).toMatchObject({ outcome: 'failed' });
        await cloud.settled();
        const ways = {
          'events.amazonaws.com': /:events:.*:rule\//,
          'cloudwatch.amazonaws.com': /:cloudwatch:.*:alarm:/,
        };
        const told = Object.entries(ways).flatMap(([way, sender]) =>
          cloud.messages.some(({ from }) => sender.test(from)) ? [way] : [],
        );
        expect(told).toEqual(Object.keys(ways).filter((way) => way !== service));
        expect(cloud.denials.map(({ caller }) => caller)).toContain(service);
      }),
    );

    test.each(Object.entries(needed.atDeployment))('without %s nothing is deployed', async (label, error) => {
      await expect(without([label], async () => {})).rejects.toThrow(error);
    });

    test('without both ways in which the key obeys the account nobody can put a secret', async () => {
      await expect(without(needed.together, async () => {})).rejects.toThrow(/Access to KMS is not allowed/);
    });
  });
});

function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
