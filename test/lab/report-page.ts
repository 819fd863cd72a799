import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { array, number, object, string } from 'zod/mini';
import { startChromium } from './chromium.ts';

/** Pages of reports in a folder, and everything that none of them should have done. */
export interface Reports {
  open(scheme?: 'light' | 'dark'): Promise<Page>;
  readonly browser: Browser;
  /** What was said on a console, thrown, asked or loaded, of all pages. */
  readonly complaints: readonly string[];
}

/** @param folder holds `report.html` */
export async function browseReports(folder: string): Promise<Reports> {
  const browser = await startChromium(folder);
  const complaints: string[] = [];
  const address = `file://${join(folder, 'report.html')}`;
  return {
    browser,
    complaints,
    async open(colorScheme = 'light') {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
      page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== address) complaints.push(`request: ${request.url()}`);
      });
      await page.goto(address);
      return page;
    },
  };
}

/** A column's cells as somebody sees them. */
export function column(page: Page, table: string, place: number): Promise<string[]> {
  return page.locator(`#${table} tbody tr > :nth-child(${place})`).allInnerTexts();
}

/** `1–50 of 120`. */
export function count(page: Page, table: string): Promise<string> {
  return page.locator(`#${table} .count`).innerText();
}

export function sortBy(page: Page, table: string, name: string): Promise<void> {
  return page.locator(`#${table} thead`).getByRole('button', { name }).click();
}

/** How many rows of each table a printer gets. */
export async function printed(page: Page): Promise<{ readonly findings: number; readonly coverage: number }> {
  const rows = '["#findings", "#coverage"].map((id) => document.querySelectorAll(id + " tbody tr").length)';
  await page.evaluate(`addEventListener("beforeprint", () => { window.printed = ${rows} })`);
  const pdf = await page.pdf({ preferCSSPageSize: true });
  if (pdf.subarray(0, 5).toString() !== '%PDF-') throw new TypeError('what Chromium printed is no PDF');
  const [findings, coverage] = array(number()).parse(await page.evaluate('window.printed'));
  return { findings: findings ?? 0, coverage: coverage ?? 0 };
}

/** What axe has to say against a page: `serious color-contrast: <p …`. */
export async function axeProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  const { violations } = object({
    violations: array(object({ id: string(), impact: string(), nodes: array(object({ html: string() })) })),
  }).parse(results);
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`);
}

/** A text as the page shows it: marks that nobody sees, or that turn letters around, by their numbers. */
export function shown(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (sign) => `U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}
