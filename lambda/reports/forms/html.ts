import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ageChart, timeLineChart } from '../page/charts.ts';
import { escapeHtml, jsonForHtml } from '../page/escape-html.ts';
import { pageRows } from '../page/rows.ts';
import { tableSection } from '../page/table-section.ts';
import type { Report, Summary } from '../report-shape.ts';
import { isRule, rules, severities } from '../rules.ts';

/** Beside this file's folder in the repository, beside index.mjs in the bundle. */
function asset(name: string): string {
  try {
    return readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8');
  } catch {
    return readFileSync(new URL(name, import.meta.url), 'utf8');
  }
}

/** The report as one file that needs no network: everything is in it, and its policy lets nothing else run or load. */
export function toHtml(report: Report): string {
  const [style, script] = [asset('page.css'), asset('page.js')];
  const policy = `default-src 'none'; style-src '${source(style)}'; script-src '${source(script)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Zabbix keys on ${day(report.asOf)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#findings">To the findings</a>
<header>
<h1>${headline(report.summary)}</h1>
<p class="quiet">Pre-shared keys of Zabbix ${escapeHtml(report.zabbixVersion)} as they were on ${moment(report.asOf)} · period ${day(report.period.from)} to ${day(report.period.to)}</p>
</header>
<main>
${cards(report.summary)}
${findingsSection(report)}
<div class="pair">
<section aria-labelledby="ages"><h2 id="ages">How old the keys are</h2><p class="quiet">Keys that this service knows of, by the days since they came into use.</p>${ageChart(report.keyAges)}</section>
<section aria-labelledby="line"><h2 id="line">What happened in the period</h2><p class="quiet">Every rotation that has a record, by how it ended.</p>${timeLineChart(report.timeLine)}</section>
</div>
${coverageSection(report)}
${chains(report)}
</main>
<footer><p>Made by zabbix-psk-rotation from what Zabbix, Secrets Manager, the nodes and the records said. The manifest beside this file has its SHA-256; <span class="mono">node cli/zabbix-psk.ts report --verify &lt;folder&gt;</span> checks all of it on a machine without AWS. This file holds no key and no fingerprint of one.</p></footer>
<script type="application/json" id="rows">${jsonForHtml(pageRows(report))}</script>
<script>${script}</script>
</body>
</html>
`;
}

function source(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function headline({ open }: Summary): string {
  const all = severities.reduce((sum, severity) => sum + open[severity], 0);
  const worst = severities.find((severity) => open[severity] > 0);
  if (worst === undefined) return 'Nothing is open';
  if (open[worst] === all) return `${all} ${worst} finding${all === 1 ? '' : 's'}`;
  return `${all} findings, ${open[worst]} of them ${worst}`;
}

function cards(summary: Summary): string {
  const { objects, encrypted, partly, managed, notOurs, open, waived, oldestKeyDays } = summary;
  const chips = severities
    .filter((severity) => open[severity] > 0)
    .map((severity) => `<li class="chip ${severity}">${open[severity]} ${severity}</li>`);
  const all = severities.reduce((sum, severity) => sum + open[severity], 0);
  return `<ul class="cards">
<li><span class="what">Open findings</span><strong>${all}${waived > 0 ? ` <small>and ${waived} waived</small>` : ''}</strong><ul class="chips">${chips.join('') || '<li class="chip good">clean</li>'}</ul></li>
<li><span class="what">Encrypted throughout</span><strong>${encrypted} <small>of ${objects}</small></strong>${share(encrypted, partly, objects)}</li>
<li><span class="what">Rotated by this service</span><strong>${managed} <small>of ${objects - notOurs}</small></strong>${share(managed, 0, objects - notOurs)}</li>
<li><span class="what">Oldest key we know of</span><strong>${oldestKeyDays === undefined ? '–' : `${oldestKeyDays} <small>days</small>`}</strong></li>
</ul>`;
}

function share(part: number, some: number, all: number): string {
  const of = (count: number) => (all === 0 ? 0 : Math.round((count / all) * 1000) / 10);
  return `<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="100" height="6"/><rect class="some" width="${of(part + some)}" height="6"/><rect class="part" width="${of(part)}" height="6"/></svg>`;
}

function findingsSection({ findings }: Report): string {
  const used = [...new Set(findings.map(({ rule }) => rule))].filter(isRule);
  return tableSection({
    id: 'findings',
    title: 'What needs somebody',
    says: 'Exceptions first. Each says what was seen, what to do, and the controls that it speaks to.',
    columns: ['Severity', 'Finding', 'Where', 'Evidence and remedy'],
    choices: {
      severity: severities.map((severity) => [severity, severity]),
      status: [
        ['open', 'open'],
        ['waived', 'waived'],
      ],
      rule: used.map((rule) => [rule, rules[rule].title]),
    },
  });
}

function coverageSection(_: Report): string {
  return tableSection({
    id: 'coverage',
    title: 'Everything Zabbix has',
    says: 'Hosts, proxies and autoregistration, also those that this service does not rotate.',
    columns: [
      'State',
      'Name',
      'Kind',
      'Encrypted',
      'Rotated',
      'Key age, days',
      'Next rotation',
      'Last outcome',
      'Findings',
    ],
    choices: {
      encryption: [
        ['psk', 'PSK'],
        ['certificate', 'certificate'],
        ['open', 'partly open'],
        ['none', 'none'],
      ],
      managed: [
        ['managed', 'by us'],
        ['not-managed', 'by nobody'],
        ['not-ours', 'not ours'],
      ],
      kind: [
        ['host', 'host'],
        ['proxy', 'proxy'],
        ['autoregistration', 'autoregistration'],
      ],
    },
  });
}

/** Enough of a large estate to see how it looks; all of them are in report.json. */
const mostChains = 20;

function chains({ chains }: Report): string {
  if (chains.length === 0) return '';
  const rows = chains
    .slice(0, mostChains)
    .map(
      ({ secret, records, head }) =>
        `<tr><th scope="row"><bdi>${escapeHtml(secret)}</bdi></th><td class="number">${records}</td><td class="mono">${head ?? '–'}</td></tr>`,
    );
  const rest = chains.length - rows.length;
  return `<section aria-labelledby="chains"><h2 id="chains">Where the records stood</h2><p class="quiet">Each record names the SHA-256 of the one before it; these are the last ones.${rest > 0 ? ` ${rest} more are in report.json.` : ''}</p><div class="wide" tabindex="0" role="region" aria-label="Rows: where the records stood"><table><thead><tr><th scope="col">Secret</th><th scope="col">Records</th><th scope="col">SHA-256 of the last one</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function day(time: string): string {
  return escapeHtml(time.slice(0, 10));
}

function moment(time: string): string {
  return `${escapeHtml(time.slice(0, 16).replace('T', ' '))} UTC`;
}
