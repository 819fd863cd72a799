import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Report, reportShape } from '../../../lambda/reports/report-shape.ts';
import { ruleNames, rules, severities } from '../../../lambda/reports/rules.ts';
import { hostileNames } from '../../lambda/reports/hostile.ts';
import { LateClock } from '../aws/clock.ts';
import { type Lab, startLab } from '../lab.ts';
import { axeProblems, browseReports, column, count, printed, type Reports, shown } from '../report-page.ts';
import { secretsOfTrouble, troubledSite, waivers } from '../suite/troubled-site.ts';
import { grantReportAccess } from '../zabbix/report-access.ts';

const twoDaysMs = 2 * 86_400_000;

/**
 * Everything that a report can find at once, on real Zabbix and real nodes, written by the deployed function and opened in
 * Chromium. Which side differs is told apart in suite/reports.ts.
 */
describe.each(['6.0', '7.0'] as const)('the report of a site where everything is wrong, on Zabbix %s', (version) => {
  let lab: Lab;
  let report: Report;
  let folder: string;
  let reports: Reports;

  beforeAll(async () => {
    const clock = new LateClock(twoDaysMs);
    lab = await startLab({
      ...{ version, clock, server: { cacheUpdateFrequencyS: 5 }, habits: { rotationRetries: 0, asyncRetries: 0 } },
      timeouts: { serverWaitS: 60, agentStartS: 10, proveTimeoutS: 120 },
      secrets: secretsOfTrouble,
      reports: true,
    });
    await troubledSite(lab, clock);
    await lab.reportSignsInWith(await grantReportAccess(lab.zabbix, ['autoregistration.get']));
    const { error, result } = await lab.report();
    expect(error).toBeUndefined();
    const { folder: made } = z.object({ folder: z.string() }).parse(result);
    report = reportShape.parse(JSON.parse(written(`${made}report.json`)));

    folder = mkdtempSync(join(tmpdir(), 'report-of-trouble-'));
    writeFileSync(join(folder, 'report.html'), written(`${made}report.html`));
    reports = await browseReports(folder);
  });
  afterAll(async () => {
    await reports?.browser.close();
    await lab?.stop();
    rmSync(folder, { recursive: true });
  });

  function written(key: string): string {
    const [bucket] = lab.cloud.world.buckets.values();
    return bucket?.objects.get(key)?.at(-1)?.body ?? '';
  }

  /** `rule name`, as the report has them. */
  const found = () => report.findings.map(({ rule, name }) => `${rule} ${name}`);

  test('finds each kind on what was done to it, and nothing else', () => {
    const notReaders = found().filter((line) => !line.startsWith('api-reader'));
    expect(notReaders.toSorted()).toEqual(
      [
        'stranded zabbix-psk/stranded',
        'records-broken zabbix-psk/with-bom',
        'drift in-zabbix',
        'unencrypted in-clear',
        'key-file-open open-file',
        'one-direction-open half-open',
        'unfinished zabbix-psk/unfinished',
        'last-one-failed zabbix-psk/with-bom',
        'overdue short-key',
        'not-scheduled zabbix-psk/misspelt',
        'not-adopted zabbix-psk/nobody',
        ...['by-nobody', 'half-open', 'sharer'].map((name) => `not-covered ${name}`),
        'shared-identity shared',
        'named-twice open-file',
        'target-missing Shared',
        'byte-order-mark with-bom',
        'not-inspected offline',
        'not-asked autoregistration of Zabbix',
        'waiver-expired unencrypted · host in-clear',
        'waiver-unused short-key · host long gone',
        'short-key short-key',
        ...neverRotated.map((name) => `never-rotated zabbix-psk/${name}`),
      ].toSorted(),
    );
    expect(found()).toContain('api-reader psk-rotation');
    expect(new Set(report.findings.map(({ rule }) => rule))).toEqual(new Set(ruleNames));
  });

  test('waives what a waiver in force names, and no more', () => {
    const waived = report.findings.filter(({ status }) => status === 'waived');
    expect(waived.map(({ rule, name }) => ({ rule, name }))).toEqual([{ rule: 'api-reader', name: 'Admin' }]);
    expect(waivers).toHaveLength(3);
  });

  test('shows names as somebody wrote them into Zabbix', () => {
    const visible = report.coverage.flatMap(({ name, visibleName }) =>
      name.startsWith('named-') ? [visibleName] : [],
    );
    expect(visible.toSorted()).toEqual([...hostileNames].toSorted());
  });

  test('asked nothing that its role does not allow, nor anything that is not imitated', () => {
    expect(lab.cloud.denials).toEqual([]);
    expect(lab.cloud.unsupported).toEqual([]);
    expect(lab.cloud.breakdowns).toEqual([]);
  });

  describe('in Chromium', () => {
    test.each(['findings', 'coverage'] as const)('every column of the %s sorts, in both directions', async (table) => {
      const page = await reports.open();
      const heads = await page.locator(`#${table} thead th`).all();
      expect(heads.length).toBeGreaterThan(3);
      for (const [index, head] of heads.entries()) {
        const clicked = async (order: string) => {
          await head.getByRole('button').click();
          expect(await head.getAttribute('aria-sort')).toBe(order);
          return column(page, table, index + 1);
        };
        const [up, down] = [await clicked('ascending'), await clicked('descending')];
        expect(up).toHaveLength(report[table].length);
        expect(down.toSorted()).toEqual(up.toSorted());
        if (new Set(up).size > 1) expect(down[0]).not.toBe(up[0]);
      }
      await page.close();
    });

    test.each(ruleNames.map((rule) => ({ rule })))(
      'the filter shows the findings of $rule and no others',
      async ({ rule }) => {
        const page = await reports.open();
        await page.locator('#findings').getByLabel('Rule').selectOption(rule);
        const wanted = report.findings.filter((finding) => finding.rule === rule);
        expect(await count(page, 'findings')).toBe(
          `1–${wanted.length} of ${wanted.length} of ${report.findings.length}`,
        );
        const where = await column(page, 'findings', 3);
        expect(where.map((text) => text.split('\n')[0]).toSorted()).toEqual(
          wanted.map(({ name }) => shown(name)).toSorted(),
        );
        for (const text of await column(page, 'findings', 2)) expect(text).toContain(rules[rule].title);
        await page.close();
      },
    );

    test('exceptions come first, and a severity can be chosen', async () => {
      const page = await reports.open();
      expect((await column(page, 'findings', 1))[0]).toBe('critical');
      for (const severity of severities) {
        await page.locator('#findings').getByLabel('Severity').selectOption(severity);
        const wanted = report.findings.filter((finding) => finding.severity === severity).length;
        expect(await count(page, 'findings')).toBe(`1–${wanted} of ${wanted} of ${report.findings.length}`);
      }
      await page.close();
    });

    test('prints every row', async () => {
      const page = await reports.open();
      expect(await printed(page)).toEqual({ findings: report.findings.length, coverage: report.coverage.length });
      await page.close();
    });

    test.each(['light', 'dark'] as const)('axe finds nothing in it, %s', async (scheme) => {
      const page = await reports.open(scheme);
      expect(await axeProblems(page)).toEqual([]);
      await page.close();
    });

    test('nothing was loaded, nothing was thrown, nothing complained in any of this', () => {
      expect(reports.complaints).toEqual([]);
    });
  });
});

/** Nobody has begun these; those that were begun have a record or Secrets Manager's own date. */
const neverRotated = [
  ...['stranded', 'unfinished', 'in-zabbix', 'open-file', 'open-file-too', 'with-bom', 'short-key', 'offline'],
  ...['shared', 'misspelt'],
];
