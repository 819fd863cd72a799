import type { Report } from '../report-shape.ts';

/** The report to the letter, as docs/report.schema.json describes it. */
export function toJson(report: Report): string {
  return `${JSON.stringify(report)}\n`;
}
