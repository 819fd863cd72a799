/** What README quotes, as Markdown: both agents of a version together, so that each cell stands for all rotations of an order. */
import { type Marks, row, withPart } from '../part-of-readme.ts';
import { callCount, ownMs, recordCalls } from './account.ts';
import { type Order, orders } from './order.ts';
import type { MeasuredVersion, Results, Rotation } from './results.ts';
import { spread } from './spread.ts';

/** Stand around it in README.md. */
export const marks = {
  begin: '<!-- from docs/bench/results.json, by npm run bench -->',
  end: '<!-- end of what npm run bench writes -->',
} as const satisfies Marks;

/** @throws {Error} when the text has no such part */
export function withReadmePart(readme: string, results: Results): string {
  return withPart(readme, marks, readmePart(results));
}

function readmePart(results: Results): readonly string[] {
  const { versions, computer } = results;
  const count = Math.max(0, ...versions.map(({ rotations }) => of(rotations, 'server-first').length));
  const header = ['', 'this service', 'host first, then API (as Ansible’s role does)', 'API first, then host at once'];
  return [
    `The longest hole in the data and the values lost, median and worst of ${count} changes each, half of them zabbix_agentd, half agent 2; server and agents with default settings, a value every 5 s:`,
    '',
    row(header),
    row(header.map(() => '---')),
    ...versions.flatMap(versionRows),
    '',
    `${ownCosts(results)} Measured on ${computer.cores} cores, load average ${loadOf(versions)}; how: [test/lab/README.md](test/lab/README.md#the-bench).`,
    '',
    budgetsTold(results),
  ];
}

function budgetsTold({ budgets }: Results): string {
  const missed = budgets.filter(({ met }) => !met);
  if (missed.length === 0) return `All ${budgets.length} budgets of the bench are met.`;
  return `${missed.length} of ${budgets.length} budgets are not met: ${missed.map(({ says, value }) => `${says} (${value})`).join('; ')}.`;
}

function versionRows({ zabbix, rotations }: MeasuredVersion): readonly string[] {
  const cells = (label: string, cell: (ofOrder: readonly Rotation[]) => string) =>
    row([`${zabbix}: ${label}`, ...orders.map((order) => cell(of(rotations, order)))]);
  return [
    cells('passive item', (all) => holes(all.map(({ passive }) => passive))),
    cells('active item', (all) => holes(all.map(({ active }) => active))),
  ];
}

function ownCosts({ versions, function: { bundleKb, importMs } }: Results): string {
  const accounts = versions.flatMap(({ rotations }) =>
    rotations.flatMap(({ service }) => (service === undefined ? [] : [service])),
  );
  const most = (values: readonly number[]) => spread(values)?.max ?? 0;
  const [aws, records, zabbix] = [
    accounts.map((one) => callCount(one.awsCalls)),
    accounts.map((one) => recordCalls(one.awsCalls)),
    accounts.map((one) => callCount(one.zabbixCalls)),
  ];
  return [
    `A rotation asks AWS at most ${most(aws)} times (${most(records)} of them for its record) and Zabbix ${most(zabbix)} times,`,
    `takes ${spread(accounts.map(ownMs))?.median ?? 0} ms of its own (worst ${most(accounts.map(ownMs))} ms)`,
    `and ${most(accounts.map(({ maxRssMb }) => maxRssMb))} MB; the bundle has ${bundleKb} kB and is ready ${spread(importMs)?.median ?? 0} ms after its import.`,
  ].join(' ');
}

export function loadOf(versions: readonly Pick<MeasuredVersion, 'loadAverage'>[]): string {
  const load = spread(versions.flatMap(({ loadAverage }) => loadAverage));
  return load === undefined ? 'unknown' : `${load.min.toFixed(1)} to ${load.max.toFixed(1)}`;
}

function of(rotations: readonly Rotation[], order: Order): readonly Rotation[] {
  return rotations.filter((rotation) => rotation.order === order);
}

function holes(all: readonly { readonly holeS: number; readonly lost: number }[]): string {
  const [blind, lost] = [spread(all.map(({ holeS }) => holeS)), spread(all.map((one) => one.lost))];
  if (blind === undefined || lost === undefined) return '';
  return `${blind.median.toFixed(1)} s, ${lost.median} lost; worst ${blind.max.toFixed(1)} s, ${lost.max} lost`;
}
