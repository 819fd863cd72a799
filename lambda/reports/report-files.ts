import { hashOf } from '../evidence/canonical.ts';
import { type SecurityHub, toAsff } from './forms/asff.ts';
import { chatLine } from './forms/chat-line.ts';
import { coverageCsv, findingsCsv } from './forms/csv.ts';
import { toHtml } from './forms/html.ts';
import { toJson } from './forms/json.ts';
import { toOscal } from './forms/oscal.ts';
import { type Manifest, manifestName, manifestOf } from './manifest.ts';
import type { Report } from './report-shape.ts';

/**
 * Every file of a report's folder with its name, the manifest last. One after the other: those of a large estate would not fit
 * into the function's memory together.
 *
 * @param hub absent: no findings for Security Hub
 * @param publicKeyPem what the manifest will be signed with; absent: it will not
 */
export function* reportFiles(
  report: Report,
  hub: SecurityHub | undefined,
  publicKeyPem?: string,
): Generator<readonly [name: string, text: string]> {
  const forms: readonly (readonly [string, () => string])[] = [
    ['report.html', () => toHtml(report)],
    ['report.json', () => toJson(report)],
    ['findings.csv', () => findingsCsv(report)],
    ['coverage.csv', () => coverageCsv(report)],
    ['oscal.json', () => toOscal(report)],
    ...(hub === undefined ? [] : [['asff.json', () => toAsff(report, hub)] as const]),
    ['summary.txt', () => `${chatLine(report)}\n`],
  ];
  const files: Manifest['files'] = [];
  for (const [name, write] of forms) {
    const text = write();
    files.push({ name, bytes: Buffer.byteLength(text), sha256: hashOf(text) });
    yield [name, text];
  }
  yield [manifestName, manifestOf(report, files, publicKeyPem)];
}
