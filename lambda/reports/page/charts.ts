import { dayOf } from '../days.ts';
import type { AgeBar, Stretch } from '../report-shape.ts';
import { escapeHtml } from './escape-html.ts';

/** Charts as inline SVG with a table for whoever cannot see them. Sizes are units of the viewBox. */

const width = 540;
const height = 184;
const floor = 150;

export function ageChart(bars: readonly AgeBar[]): string {
  const most = Math.max(1, ...bars.map(({ keys }) => keys));
  const slot = width / bars.length;
  const drawn = bars.map(({ label, keys }, index) => {
    const tall = (keys / most) * (floor - 24);
    const middle = index * slot + slot / 2;
    return `<rect class="age age-${index}" x="${at(index * slot + 10)}" y="${at(floor - tall)}" width="${at(slot - 20)}" height="${at(tall)}" rx="3"/><text class="count" x="${at(middle)}" y="${at(floor - tall - 6)}">${keys === 0 ? '' : keys}</text><text x="${at(middle)}" y="${floor + 20}">${escapeHtml(short(label))}</text>`;
  });
  const says = bars.map(({ label, keys }) => `${label}: ${keys}`).join(', ');
  return figure(
    `Keys by age. ${says}`,
    `${drawn.join('')}<text class="axis" x="${width}" y="${floor + 34}">days</text>`,
    table(
      ['Age', 'Keys'],
      bars.map(({ label, keys }) => [label, keys]),
    ),
  );
}

/** Under a bar; the axis says that it is days. */
function short(label: string): string {
  return label.replace(' days', '').replace('over 2 years', '> 730');
}

/** From the bottom up, in the order of the legend. */
const series = [
  ['rotated', 'rotated'],
  ['repaired', 'finished by the repair'],
  ['rolledBack', 'rolled back'],
  ['refused', 'refused'],
  ['stranded', 'stranded'],
  ['other', 'other'],
] as const satisfies readonly (readonly [keyof Stretch, string])[];

export function timeLineChart(stretches: readonly Stretch[]): string {
  const totals = stretches.map((stretch) => series.reduce((sum, [field]) => sum + stretch[field], 0));
  const most = Math.max(1, ...totals);
  const slot = width / Math.max(1, stretches.length);
  const gap = Math.min(4, slot / 5);
  const drawn = stretches.map((stretch, index) => {
    let y = floor;
    const parts = series.flatMap(([field]) => {
      if (stretch[field] === 0) return [];
      // A single failure among thousands must still be seen.
      const tall = Math.max(3, (stretch[field] / most) * (floor - 24));
      y -= tall;
      return [
        `<rect class="${field}" x="${at(index * slot + gap / 2)}" y="${at(y)}" width="${at(slot - gap)}" height="${at(tall)}"/>`,
      ];
    });
    return parts.length === 0 ? '' : `<g><title>${dayOf(stretch.from)}: ${said(stretch)}</title>${parts.join('')}</g>`;
  });
  const ends =
    stretches.length === 0
      ? ''
      : `<text class="from" x="0" y="${floor + 20}">${dayOf(stretches[0]?.from ?? '')}</text><text class="to" x="${width}" y="${floor + 20}">${dayOf(stretches.at(-1)?.to ?? '')}</text>`;
  const used = series.filter(([field]) => stretches.some((stretch) => stretch[field] > 0));
  const legend = used
    .map(
      ([field, label]) =>
        `<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${field}" width="10" height="10" rx="2"/></svg>${label}</li>`,
    )
    .join('');
  const rows = stretches
    .filter((_, index) => (totals[index] ?? 0) > 0)
    .map((stretch) => [dayOf(stretch.from), ...used.map(([field]) => stretch[field])]);
  const says = `Rotations over time, ${totals.reduce((sum, total) => sum + total, 0)} in all`;
  return `<ul class="legend">${legend}</ul>${figure(says, drawn.join('') + ends, table(['From', ...used.map(([, label]) => label)], rows))}`;
}

function said(stretch: Stretch): string {
  return series
    .filter(([field]) => stretch[field] > 0)
    .map(([field, label]) => `${stretch[field]} ${label}`)
    .join(', ');
}

function figure(says: string, drawn: string, table: string): string {
  return `<figure><svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(says)}"><line class="floor" x1="0" y1="${floor}" x2="${width}" y2="${floor}"/>${drawn}</svg><details><summary>The same in numbers</summary><div class="wide">${table}</div></details></figure>`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = (row: readonly (string | number)[]) =>
    row.map((cell) => `<td>${escapeHtml(String(cell))}</td>`).join('');
  return `<table><thead><tr>${head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table>`;
}

/** Two digits after the point: the same text on every machine, and a smaller file. */
function at(place: number): string {
  return String(Math.round(place * 100) / 100);
}
