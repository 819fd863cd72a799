/** What was measured of each kind, as plain text of at most 120 columns. */
import { spread, sum } from '../spread.ts';
import { type Kind, kinds, type Reload, reloads, titles } from './kind.ts';
import type { Items, KindResults, KindRotation, KindsOfVersion } from './results.ts';

export function table({ versions }: Pick<KindResults, 'versions'>): readonly string[] {
  return versions.flatMap((version) => [...ofVersion(version), '']);
}

/** While it goes on. */
export function inOneLine({ kind, reload, round, gate, acceptedS, provenS, own, behind }: KindRotation): string {
  const told = (where: string, items: Items | undefined) =>
    items === undefined
      ? ''
      : `; ${where} hole ${items.passive.holeS.toFixed(1)}/${items.active.holeS.toFixed(1)} s, ${lostOf(items)} lost, at most ${items.passive.latestS.toFixed(1)}/${items.active.latestS.toFixed(1)} s late`;
  return `${round}. ${titles[kind]}, ${reload}: ${gate}, accepted after ${acceptedS.toFixed(1)} s, proven after ${provenS.toFixed(1)} s${told('own', own)}${told('behind', behind)}`;
}

/** Values lost, of both items. */
export function lostOf({ passive, active }: Items): number {
  return passive.lost + active.lost;
}

const labelWidth = 34;
const reloadWidth = 9;
const cellWidth = 11;
const itemColumns = [
  ({ passive }: Items) => passive.holeS,
  ({ active }: Items) => active.holeS,
  lostOf,
  ({ passive }: Items) => passive.latestS,
  ({ active }: Items) => active.latestS,
] as const;

function ofVersion({ zabbix, cacheUpdateS, loadAverage, rotations, leftOut }: KindsOfVersion): readonly string[] {
  const load = spread(loadAverage);
  const rounds = Math.max(0, ...rotations.map(({ round }) => round));
  const combinations = kinds.flatMap((kind) => reloads.map((reload) => ({ kind, reload })));
  return [
    `Zabbix ${zabbix}, default settings (it renews its cache every ${cacheUpdateS} s); median and most of ${rounds}, seconds`,
    `load average of the computer meanwhile: ${load === undefined ? 'unknown' : `${load.min} to ${load.max}`}`,
    line('', 'reload', ['given to', 'given to', 'hole,', 'hole,', 'values', 'late,', 'late,']),
    line('', '', ['accepted', 'proven', 'passive', 'active', 'lost', 'passive', 'active']),
    ...combinations.flatMap(({ kind, reload }) => {
      const found = rotations.filter((one) => one.kind === kind && one.reload === reload);
      return found.length > 0 ? rowsOf(kind, reload, found) : [];
    }),
    ...leftOut.map(({ kind, reload, because }) => `${titles[kind]}, ${reload} reload: ${because}`),
  ];
}

/** Where both are rotated the agent's own items come first, then those of a host behind the proxy. */
function rowsOf(kind: Kind, reload: Reload, found: readonly KindRotation[]): readonly string[] {
  const [own, behind] = [found.flatMap((one) => one.own ?? []), found.flatMap((one) => one.behind ?? [])];
  const times = [figures(found.map(({ acceptedS }) => acceptedS)), figures(found.map(({ provenS }) => provenS))];
  const cells = (items: readonly Items[]) =>
    items.length === 0
      ? []
      : itemColumns.map((of) => (of === lostOf ? `${sum(items.map(of))}` : figures(items.map(of))));
  return [
    line(titles[kind], reload, [...times, ...cells(own)]),
    ...(behind.length === 0 ? [] : [line('  a host behind it', '', ['', '', ...cells(behind)])]),
  ];
}

/** `5.0 20.1`, without decimals where they would not fit. */
function figures(values: readonly number[]): string {
  const found = spread(values);
  if (found === undefined) return '';
  const places = found.max >= 100 ? 0 : 1;
  return `${found.median.toFixed(places)} ${found.max.toFixed(places)}`;
}

function line(label: string, reload: string, cells: readonly string[]): string {
  return `${label.padEnd(labelWidth)}${reload.padEnd(reloadWidth)}${cells.map((text) => text.padEnd(cellWidth)).join('')}`.trimEnd();
}
