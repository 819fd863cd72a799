import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileReport } from '../../lambda/reports/compile-report.ts';
import { toHtml } from '../../lambda/reports/forms/html.ts';
import { severities } from '../../lambda/reports/rules.ts';
import { parseWaivers } from '../../lambda/reports/waivers.ts';
import { someWaivers } from '../lambda/reports/every-finding.ts';
import { hostileNames } from '../lambda/reports/hostile.ts';
import { aLargeEstate } from './a-large-estate.ts';
import { axeProblems, browseReports, column, count, printed, type Reports, shown, sortBy } from './report-page.ts';

/** Beside the high one, so that a finding of each severity is also shown as waived. */
const waivedToo = parseWaivers({
  waivers: [
    { rule: 'records-broken', kind: 'secret', name: 'zabbix-psk/records-broken' },
    { rule: 'overdue', kind: 'host', name: 'overdue' },
    { rule: 'short-key', kind: 'host', name: 'short-key' },
  ].map((about) => ({ ...about, owner: 'ops@example.com', reason: 'is known', expires: '2027-01-31' })),
});

/** The page of a report with each kind of finding, every hostile name and 300 more hosts, as a browser shows it. */
describe('the report in Chromium', () => {
  const report = compileReport(aLargeEstate(300), [...someWaivers, ...waivedToo]);
  let folder: string;
  let reports: Reports;
  const open: Reports['open'] = (scheme) => reports.open(scheme);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'report-page-'));
    writeFileSync(join(folder, 'report.html'), toHtml(report));
    reports = await browseReports(folder);
  });
  afterAll(async () => {
    await reports?.browser.close();
    rmSync(folder, { recursive: true });
  });

  test('shows exceptions first, fifty at a time, and turns pages', async () => {
    const page = await open();
    const all = report.findings.length;
    expect((await column(page, 'findings', 1))[0]).toBe('critical');
    expect(await count(page, 'findings')).toBe(`1–50 of ${all}`);
    await page.locator('#findings').getByRole('button', { name: 'Forward' }).click();
    expect(await count(page, 'findings')).toBe(`51–${Math.min(100, all)} of ${all}`);
    expect(await page.locator('#findings').getByRole('button', { name: 'Back' }).isEnabled()).toBe(true);
    await page.close();
  });

  test('sorts in both directions and says so to a screen reader', async () => {
    const page = await open();
    const ages = async () => (await column(page, 'coverage', 6)).filter((age) => age !== '–').map(Number);
    await sortBy(page, 'coverage', 'Key age');
    await sortBy(page, 'coverage', 'Key age');
    expect(await ages()).toEqual((await ages()).toSorted((one, other) => other - one));
    expect((await ages())[0]).toBe(report.summary.oldestKeyDays);
    expect(await page.locator('#coverage th[aria-sort="descending"]').innerText()).toMatch('Key age');
    await page.close();
  });

  test('filters by choice and by any part of a name or sentence', async () => {
    const page = await open();
    const { objects, unencrypted } = report.summary;
    await page.locator('#coverage').getByLabel('Encryption').selectOption('none');
    expect(await count(page, 'coverage')).toBe(`1–${unencrypted} of ${unencrypted} of ${objects}`);
    await page.locator('#coverage').getByLabel('Encryption').selectOption('');
    await page.locator('#coverage').getByLabel('Search').fill('SRV-0007');
    expect(await column(page, 'coverage', 2)).toEqual(['srv-0007']);
    await page.locator('#findings').getByLabel('Status').selectOption('waived');
    expect(await column(page, 'findings', 1)).toEqual(severities.map((severity) => `${severity} waived`));
    await page.locator('#findings').getByLabel('Search').fill('no such thing');
    expect(await count(page, 'findings')).toBe(`none of ${report.findings.length}`);
    await page.close();
  });

  test('the findings of one host are one click away from its row', async () => {
    const page = await open();
    await page.locator('#coverage').getByLabel('Search').fill('last-one-failed');
    await page.getByRole('button', { name: 'findings of last-one-failed' }).click();
    expect(await column(page, 'findings', 3)).toEqual([expect.stringMatching(/^zabbix-psk\/last-one-failed/)]);
    await page.close();
  });

  test('is used with the keyboard alone', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the findings');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('stranded');
    expect(await column(page, 'findings', 1)).toEqual(['critical']);
    await page.close();
  });

  test('every name is text: none runs, hides or turns what stands beside it', async () => {
    const page = await open();
    await page.locator('#coverage').getByLabel('Encryption').selectOption('none');
    const names = await page.locator('#coverage tbody th bdi:first-child').allInnerTexts();
    expect(names.toSorted()).toEqual([...hostileNames.map(shown), 'unencrypted'].toSorted());
    expect(await page.title()).toBe('Zabbix keys on 2026-11-23');
    await page.close();
  });

  test('prints every row that the filters leave, and shows pages again afterwards', async () => {
    const page = await open();
    await page.locator('#findings').getByLabel('Rule').selectOption('not-covered');
    const wanted = report.findings.filter(({ rule }) => rule === 'not-covered').length;
    expect(await printed(page)).toEqual({ findings: wanted, coverage: report.coverage.length });
    expect((await column(page, 'coverage', 1)).length).toBe(50);
    await page.close();
  });

  test('of 10,000 hosts is below 10 MB, opens, finds one of them, and gives a printer no more rows than it takes', async () => {
    const html = toHtml(compileReport(aLargeEstate(10_000), []));
    expect(Buffer.byteLength(html)).toBeLessThan(10_000_000);
    writeFileSync(join(folder, 'large.html'), html);
    const page = await reports.browser.newPage();
    const from = performance.now();
    await page.goto(`file://${folder}/large.html`);
    await page.locator('#coverage').getByLabel('Search').fill('srv-7777');
    expect(await column(page, 'coverage', 2)).toEqual(['srv-7777']);
    expect(performance.now() - from).toBeLessThan(10_000);
    await page.locator('#coverage').getByLabel('Search').fill('');
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('#coverage tbody tr').count()).toBe(4_000);
    expect(await page.locator('#coverage .rest').innerText()).toMatch(/^\d+ more rows are in coverage\.csv\.$/);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing in it, %s', async (scheme) => {
    const page = await open(scheme);
    expect(await axeProblems(page)).toEqual([]);
    await page.close();
  });

  test('nothing was loaded, nothing was thrown, nothing complained in any of this', () => {
    expect(reports.complaints).toEqual([]);
  });
});
