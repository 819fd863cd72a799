import type { CoverageRow, Finding, Report } from '../report-shape.ts';

type Cell = string | number | undefined;

const findingColumns: Readonly<Record<string, (finding: Finding) => Cell>> = {
  severity: ({ severity }) => severity,
  status: ({ status }) => status,
  rule: ({ rule }) => rule,
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  secret: ({ secret }) => secret,
  title: ({ title }) => title,
  evidence: ({ evidence }) => evidence,
  'side that differs': ({ side }) => side,
  remedy: ({ remedy }) => remedy,
  controls: ({ controls }) => controls.join(' '),
  'waived by': ({ waiver }) => waiver?.owner,
  'waived because': ({ waiver }) => waiver?.reason,
  'waived until': ({ waiver }) => waiver?.expires,
  id: ({ id }) => id,
};

const coverageColumns: Readonly<Record<string, (row: CoverageRow) => Cell>> = {
  kind: ({ kind }) => kind,
  name: ({ name }) => name,
  'visible name': ({ visibleName }) => visibleName,
  enabled: ({ enabled }) => (enabled ? 'yes' : 'no'),
  'behind proxy': ({ behind }) => behind,
  'connections to it': ({ connect }) => connect ?? 'not used',
  'connections from it': ({ accept }) => accept?.join(' ') ?? 'not used',
  encryption: ({ encryption }) => encryption,
  managed: ({ managed }) => managed,
  secret: ({ secret }) => secret,
  'shared with': ({ sharedWith }) => sharedWith,
  'key bytes': ({ keyBytes }) => keyBytes,
  'key since': ({ keySince }) => keySince?.at,
  'key since says': ({ keySince }) => keySince?.source,
  'key age in days': ({ keyAgeDays }) => keyAgeDays,
  'next rotation': ({ next }) => next,
  'days overdue': ({ overdueDays }) => overdueDays,
  'last outcome': ({ lastOutcome }) => lastOutcome,
  'open findings': ({ openFindings }) => openFindings,
  worst: ({ worst }) => worst,
};

export function findingsCsv({ findings }: Report): string {
  return csv(findings, findingColumns);
}

export function coverageCsv({ coverage }: Report): string {
  return csv(coverage, coverageColumns);
}

/** RFC 4180, with a byte order mark: without it Excel takes UTF-8 for the machine's own code page. */
function csv<Row>(rows: readonly Row[], columns: Readonly<Record<string, (row: Row) => Cell>>): string {
  const cellsOf = Object.values(columns);
  const lines = [Object.keys(columns), ...rows.map((row) => cellsOf.map((of) => of(row)))];
  return `\uFEFF${lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')}`;
}

/** What a spreadsheet takes for the beginning of a formula, also after blanks and in its full-width form (OWASP, "CSV Injection"). */
const formula = /^[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;

function cell(value: Cell): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const harmless = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
