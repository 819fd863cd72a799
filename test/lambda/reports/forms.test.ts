import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { array, object, optional, string, toJSONSchema, unknown } from 'zod/mini';
import { compileReport } from '../../../lambda/reports/compile-report.ts';
import { toAsff } from '../../../lambda/reports/forms/asff.ts';
import { chatLine } from '../../../lambda/reports/forms/chat-line.ts';
import { coverageCsv, findingsCsv } from '../../../lambda/reports/forms/csv.ts';
import { toHtml } from '../../../lambda/reports/forms/html.ts';
import { toJson } from '../../../lambda/reports/forms/json.ts';
import { toOscal } from '../../../lambda/reports/forms/oscal.ts';
import { reportFiles } from '../../../lambda/reports/report-files.ts';
import { reportShape } from '../../../lambda/reports/report-shape.ts';
import { aHost, anEstate, aSecret } from './an-estate.ts';
import { everyFinding, someWaivers } from './every-finding.ts';
import { hostileNames } from './hostile.ts';
import { oscalShape } from './oscal-shape.ts';
import { parseCsv } from './parse-csv.ts';

const report = compileReport(everyFinding(), someWaivers);
const hub = { partition: 'aws', region: 'eu-central-1', account: '123456789012' };

/** Hosts in clear, so that each name is in a finding and in a row of its own; and wherever else somebody can put a text. */
const hostile = compileReport(
  anEstate(
    {
      secrets: {
        known: hostileNames.map((because, index) =>
          aSecret(`spoilt-${index}`, { value: { state: 'unreadable', because }, targets: [] }),
        ),
      },
    },
    {
      hosts: {
        known: hostileNames.flatMap((name, index) => [
          aHost(name, { connect: 'none', accept: ['none'] }),
          aHost(`host-${index}`, { visibleName: name, behind: name }),
        ]),
      },
      readers: { known: hostileNames.map((user) => ({ user, role: user, reads: 'all' as const })) },
    },
  ),
  hostileNames.map((name) => ({
    ...{ rule: 'unencrypted', kind: 'host', name, owner: name, reason: name, expires: '2099-12-31' },
  })),
);

test('two runs over the same input give the same bytes, in every form', () => {
  const forms = (of: typeof report) =>
    [toJson, findingsCsv, coverageCsv, toHtml, toOscal, chatLine].map((to) => to(of));
  const again = compileReport(structuredClone(everyFinding()), someWaivers);
  expect([...forms(again), toAsff(again, hub)]).toEqual([...forms(report), toAsff(report, hub)]);
});

/** The names of hosts in each file of a report, as whoever reads that file has them. Undefined: it must name nobody. */
const hostsIn: Readonly<Record<string, ((text: string) => readonly string[]) | undefined>> = {
  'report.json': (text) => [...reportShape.parse(JSON.parse(text)).coverage.map(({ name }) => name)],
  'report.html': (text) => rowsOf(text).coverage.map((row) => String(row[2])),
  'findings.csv': (text) => columnOf(text, 'name'),
  'coverage.csv': (text) => columnOf(text, 'name'),
  'oscal.json': (text) => namesInOscal(text),
  'asff.json': (text) =>
    asffShape.parse(JSON.parse(text)).flatMap(({ Resources }) => Resources.map(({ Details }) => Details.Other.name)),
  'summary.txt': undefined,
  'manifest.json': undefined,
};
const files = [...reportFiles(hostile, hub)];

describe.each(files)('%s', (file, text) => {
  test.each(hostileNames.map((name) => ({ name, shown: JSON.stringify(name).slice(0, 40) })))(
    'a host called $shown passes through',
    ({ name }) => {
      expect(Object.keys(hostsIn)).toContain(file);
      const hosts = hostsIn[file]?.(text);
      if (hosts === undefined) expect(text).not.toContain(name);
      else expect(hosts).toContain(name);
    },
  );
});

describe('JSON', () => {
  const schemaFile = new URL('../../../docs/report.schema.json', import.meta.url);

  test('the published schema is the one that reports are read with; UPDATE_SCHEMA=1 writes it anew', () => {
    const schema = `${JSON.stringify({ title: 'Report of keys', ...toJSONSchema(reportShape, { io: 'input' }) }, null, 2)}\n`;
    if (process.env.UPDATE_SCHEMA === '1') writeFileSync(schemaFile, schema);
    expect(readFileSync(schemaFile, 'utf8')).toBe(schema);
  });

  test('a report is read as it was written, with every name to the letter', () => {
    expect(reportShape.parse(JSON.parse(toJson(report)))).toEqual(report);
    const { findings } = reportShape.parse(JSON.parse(toJson(hostile)));
    expect(namesIn(findings, 'host')).toEqual(hostileNames.toSorted());
  });
});

describe('CSV', () => {
  test('is what RFC 4180 says: the same number of cells in every line, and names come back', () => {
    for (const csv of [findingsCsv(hostile), coverageCsv(hostile)]) {
      const [head = [], ...rows] = parseCsv(csv);
      expect(rows.filter((row) => row.length !== head.length)).toEqual([]);
    }
    const texts = [
      ...['evidence', 'waived by', 'waived because'].map((name) => columnOf(findingsCsv(hostile), name)),
      ...['visible name', 'behind proxy'].map((name) => columnOf(coverageCsv(hostile), name)),
    ];
    for (const column of texts) expect(column).toEqual(expect.arrayContaining([...hostileNames]));
  });

  test('no cell can be a formula', () => {
    const cells = [findingsCsv(hostile), coverageCsv(hostile)].flatMap((csv) => parseCsv(csv).flat());
    expect(cells.filter((cell) => /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(cell))).toEqual([]);
    expect(cells).toContain(`'=cmd|'/C calc'!A1`);
  });
});

describe('HTML', () => {
  const html = toHtml(hostile);

  test('holds no markup that a name brought along, and no address to load anything from', () => {
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(html).not.toContain('<!--');
    expect(html).not.toMatch(/<(link|img|iframe|object|base|form)\b|\ssrc=|url\(|@import|https?:\/\//);
    expect(html).not.toMatch(/\son\w+=|javascript:|\sstyle=/);
  });

  test('its rows are data with every name to the letter', () => {
    const { findings, coverage } = rowsOf(html);
    const names = findings.filter((row) => row[3] === 'host').map((row) => row[4]);
    expect(new Set(names)).toEqual(new Set([...hostileNames, ...hostileNames.map((_, index) => `host-${index}`)]));
    expect(coverage.map((row) => row[3])).toEqual(expect.arrayContaining([...hostileNames]));
  });

  test('its policy lets nothing run or load but what is in it', () => {
    expect(html).toMatch(
      /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'"/,
    );
  });
});

describe('OSCAL', () => {
  test.each([
    ['a report with everything', report],
    ['one with hostile names', hostile],
    ['one without a finding', compileReport(anEstate(), [])],
  ])('%s has the structure of assessment results 1.1', (_, one) => {
    expect(oscalShape.safeParse(JSON.parse(toOscal(one))).error?.issues ?? []).toEqual([]);
  });

  test('each id is there once, and each reference leads somewhere', () => {
    const text = toOscal(report);
    const ids = [...text.matchAll(/"uuid":"([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...text.matchAll(/"(?:observation|risk|subject)-uuid":"([^"]+)"/g)].map(([, id]) => id);
    expect(references.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('a control is satisfied when nothing that is open speaks to it', () => {
    const stateOf = (text: string) => /"target-id":"sc-12_obj","status":\{"state":"([a-z-]+)"/.exec(text)?.[1];
    expect([stateOf(toOscal(report)), stateOf(toOscal(compileReport(anEstate(), [])))]).toEqual([
      'not-satisfied',
      'satisfied',
    ]);
  });
});

describe('Security Hub', () => {
  const findings = JSON.parse(toAsff(hostile, hub));

  test('every text is as long as the format allows, and every id is another one', () => {
    for (const { Title, Description, Resources, Remediation } of findings) {
      expect(Title.length).toBeLessThanOrEqual(256);
      expect(Description.length).toBeLessThanOrEqual(1024);
      expect(Resources[0].Id.length).toBeLessThanOrEqual(512);
      expect(Remediation.Recommendation.Text.length).toBeLessThanOrEqual(512);
    }
    expect(new Set(findings.map(({ Id }: { Id: string }) => Id)).size).toBe(findings.length);
  });

  test('what is waived is suppressed there', () => {
    const waived = JSON.parse(toAsff(report, hub)).filter(
      ({ Workflow }: { Workflow: { Status: string } }) => Workflow.Status === 'SUPPRESSED',
    );
    expect(waived).toMatchObject([{ GeneratorId: 'zabbix-psk/unencrypted', Severity: { Label: 'HIGH' } }]);
  });
});

test('the line for chat names nobody and says what counts', () => {
  expect(chatLine(report)).toBe(
    'Zabbix keys on 2026-11-23: open: 2 critical, 2 high, 17 medium, 2 low (1 waived) · 16 of 18 encrypted throughout · 14 rotated by us · oldest key 316 days',
  );
  expect(chatLine(hostile)).not.toMatch(/script|cmd/);
});

function namesIn(findings: readonly { kind: string; name: string; rule: string }[], kind: string): string[] {
  return findings
    .filter((one) => one.kind === kind && one.rule === 'unencrypted')
    .map(({ name }) => name)
    .toSorted();
}

const someRows = array(array(unknown()));
const pageShape = object({ findings: someRows, coverage: someRows });
const asffShape = array(
  object({ Resources: array(object({ Details: object({ Other: object({ name: string() }) }) })) }),
);
const subjectsShape = object({
  'assessment-results': object({
    results: array(
      object({ observations: array(object({ props: optional(array(object({ name: string(), value: string() }))) })) }),
    ),
  }),
});

/** What page.js is given to show. */
function rowsOf(html: string) {
  const [, json = ''] = /<script type="application\/json" id="rows">(.*?)<\/script>/s.exec(html) ?? [];
  return pageShape.parse(JSON.parse(json));
}

/** A column as a spreadsheet takes it: an apostrophe before what would be a formula is not shown. */
function columnOf(csv: string, name: string): string[] {
  const [head = [], ...rows] = parseCsv(csv);
  return rows.map((row) => row[head.indexOf(name)]?.replace(/^'/, '') ?? '');
}

/** OSCAL's values are one line without blanks at their ends: signs that are neither are written by their numbers, the rest as JSON. */
function namesInOscal(text: string): string[] {
  const observations = subjectsShape
    .parse(JSON.parse(text))
    ['assessment-results'].results.flatMap((result) => result.observations);
  return observations
    .flatMap(({ props = [] }) => props.filter(({ name }) => name === 'subject-name'))
    .map(({ value }) => (/^".*"$/.test(value) ? String(JSON.parse(value)) : value))
    .map((value) =>
      value.replace(/\\u([0-9a-f]{4})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
    );
}
