/** What was measured, as plain text of at most 120 columns. */
import { callCount, ownMs, recordCalls } from './account.ts';
import { orders } from './order.ts';
import type { Budget, MeasuredVersion, Results, Rotation, ServiceAccount } from './results.ts';
import { type Spread, spread } from './spread.ts';

/** Everything, version by version. */
export function table(results: Omit<Results, 'picture'>): readonly string[] {
  return [
    ...results.versions.flatMap((version) => [...dataTable(version), '', ...serviceTable(version), '']),
    ...startUpLines(results),
    '',
    ...results.budgets.map(budgetLine),
  ];
}

const labelWidth = 30;
const cellWidth = 15;
const agents = ['zabbix_agentd', 'zabbix_agent2'] as const;
const shortTitles = {
  'server-first': 'this service',
  'host-first': 'host first, then API',
  'api-first': 'API first, then host',
};

/** What a change of key costs the monitoring, order beside order. */
function dataTable({ zabbix, cacheUpdateS, loadAverage, rotations }: MeasuredVersion): readonly string[] {
  const rounds = Math.max(0, ...rotations.map(({ round }) => round));
  const load = spread(loadAverage);
  const columns = orders.flatMap((order) => agents.map((agent) => ({ order, agent })));
  const row = (label: string, of: (rotation: Rotation) => number | undefined, decimals: number) =>
    line(
      label,
      columns.map(({ order, agent }) =>
        cell(
          rotations.filter((one) => one.order === order && one.agent === agent),
          of,
          decimals,
        ),
      ),
    );
  return [
    `Zabbix ${zabbix}, default settings (it renews its cache every ${cacheUpdateS} s); least, median and most of ${rounds}`,
    `load average of the computer meanwhile: ${load === undefined ? 'unknown' : figures(load, 1)}`,
    line(
      '',
      orders.map((order) => shortTitles[order]),
      2 * cellWidth,
    ),
    line(
      '',
      columns.map(({ agent }) => agent),
    ),
    row('hole of a passive 5 s item, s', ({ passive }) => passive.holeS, 1),
    row('hole of an active 5 s item, s', ({ active }) => active.holeS, 1),
    row('values lost, passive', ({ passive }) => passive.lost, 0),
    row('values lost, active', ({ active }) => active.lost, 0),
    row('agent away, ms', ({ agentDownMs }) => agentDownMs, 0),
    row('server took up the key in, s', ({ serverTookUpS }) => serverTookUpS, 1),
    row('both sides apart for, s', ({ apartS }) => apartS, 1),
    row('script, side to side, s', ({ betweenSidesS }) => betweenSidesS, 2),
  ];
}

/** What a rotation by this service takes. */
function serviceTable({ rotations }: MeasuredVersion): readonly string[] {
  const row = (label: string, of: (account: ServiceAccount) => number | undefined, decimals: number) =>
    line(
      label,
      agents.map((agent) =>
        cell(
          rotations.filter((one) => one.agent === agent),
          ({ service }) => (service === undefined ? undefined : of(service)),
          decimals,
        ),
      ),
    );
  return [
    line('a rotation by this service', agents),
    row('start to end, s', ({ tookS }) => tookS, 1),
    row('node waited for server, s', ({ serverWaitS }) => serverWaitS, 1),
    row('ends noticed late, sum, s', ({ noticedLateS }) => noticedLateS, 1),
    row('own time, ms', ownMs, 0),
    row('  nobody else waited for', ({ gapsMs }) => gapsMs, 0),
    row('  CPU while others were', ({ waitingCpuMs }) => waitingCpuMs, 0),
    row('function CPU, all, ms', ({ cpuMs }) => cpuMs, 0),
    row('calls to AWS', ({ awsCalls }) => callCount(awsCalls), 0),
    row('  of them for the record', ({ awsCalls }) => recordCalls(awsCalls), 0),
    row('calls to Zabbix', ({ zabbixCalls }) => callCount(zabbixCalls), 0),
    row('memory, most, MB', ({ maxRssMb }) => maxRssMb, 0),
    ...callLines(rotations),
  ];
}

/** The calls of the rotation that made most, by action. */
function callLines(rotations: readonly Rotation[]): readonly string[] {
  const accounts = rotations.flatMap(({ service }) => (service === undefined ? [] : [service]));
  const most = (of: (account: ServiceAccount) => Readonly<Record<string, number>>) =>
    accounts.map(of).toSorted((a, b) => callCount(b) - callCount(a))[0] ?? {};
  const told = (calls: Readonly<Record<string, number>>) =>
    Object.entries(calls)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, count]) => `${count} ${name.replace(/^.*:/, '')}`)
      .join(', ');
  return [
    `most calls to AWS: ${told(most(({ awsCalls }) => awsCalls))}`,
    `most calls to Zabbix: ${told(most(({ zabbixCalls }) => zabbixCalls))}`,
  ];
}

function startUpLines({ function: { bundleKb, importMs } }: Pick<Results, 'function'>): readonly string[] {
  const start = spread(importMs);
  return start === undefined
    ? []
    : [`bundle ${bundleKb} kB, from import to ready ${start.min} ${start.median} ${start.max} ms`];
}

function budgetLine({ says, value, met }: Budget): string {
  return `${met ? '✓' : '✗ NOT MET:'} ${says} (${value})`;
}

function cell(
  rotations: readonly Rotation[],
  of: (rotation: Rotation) => number | undefined,
  decimals: number,
): string {
  const found = spread(rotations.map(of).filter((value) => value !== undefined));
  return found === undefined ? '' : figures(found, decimals);
}

/** `5.0 5.0 20.1`, without decimals where they would not fit. */
function figures({ min, median, max }: Spread, decimals: number): string {
  const places = max >= 100 ? 0 : decimals;
  return [min, median, max].map((value) => value.toFixed(places)).join(' ');
}

function line(label: string, cells: readonly string[], width = cellWidth): string {
  return (label.padEnd(labelWidth) + cells.map((text) => text.padEnd(width)).join('')).trimEnd();
}
