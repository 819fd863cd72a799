/** What README quotes of all kinds, as Markdown. */
import { type Marks, row, withPart } from '../../part-of-readme.ts';
import { loadOf } from '../readme-part.ts';
import { spread, sum } from '../spread.ts';
import { type Kind, kinds, type Reload, reloads, titles } from './kind.ts';
import type { Items, KindResults, KindRotation, KindsOfVersion } from './results.ts';
import { lostOf } from './table.ts';

/** Stand around it in README.md. */
export const marks = {
  begin: '<!-- from docs/bench/kinds.json, by npm run bench -- --kinds -->',
  end: '<!-- end of what npm run bench -- --kinds writes -->',
} as const satisfies Marks;

/** @throws {Error} when the text has no such part */
export function withReadmePart(readme: string, results: KindResults): string {
  return withPart(readme, marks, readmePart(results));
}

function readmePart({ versions, computer }: KindResults): readonly string[] {
  const rounds = Math.max(0, ...versions.flatMap(({ rotations }) => rotations.map(({ round }) => round)));
  const header = ['', 'given to proven', 'the same with `reload`', 'longest hole', 'the same with `reload`'];
  return [
    `From the moment when Zabbix is given the new key until every target is proven, and the longest hole in the values of its 5 s items meanwhile, of each kind; default settings, median and worst of ${rounds}, holes the worst:`,
    '',
    row(header),
    row(header.map(() => '---')),
    ...versions.flatMap((version) => kinds.map((kind) => rowOf(version, kind))),
    '',
    `A hole of 5 s is the item’s own interval: nothing is missing. What comes late, by way of a proxy or because an agent kept it, carries the time when it was taken: how late the latest value of a host behind a proxy came is said beside. Measured on ${computer.cores} cores, load average ${loadOf(versions)}; how: [test/lab/README.md](test/lab/README.md#every-kind).`,
  ];
}

function rowOf(version: KindsOfVersion, kind: Kind): string {
  const cells = (of: (found: readonly KindRotation[]) => string) =>
    reloads.map((reload) => {
      const found = version.rotations.filter((one) => one.kind === kind && one.reload === reload);
      return found.length > 0 ? of(found) : (reasonOf(version, kind, reload) ?? '');
    });
  const proven = cells((found) => times(found.map(({ provenS }) => provenS)));
  return row([`${version.zabbix}: ${titles[kind]}`, ...proven, ...cells(holes)]);
}

function reasonOf({ leftOut }: KindsOfVersion, kind: Kind, reload: Reload): string | undefined {
  return leftOut.find((one) => one.kind === kind && one.reload === reload)?.because;
}

function times(seconds: readonly number[]): string {
  const found = spread(seconds);
  return found === undefined ? '' : `${found.median.toFixed(1)} s; worst ${found.max.toFixed(1)} s`;
}

function holes(found: readonly KindRotation[]): string {
  const [own, behind] = [found.flatMap((one) => one.own ?? []), found.flatMap((one) => one.behind ?? [])];
  if (own.length + behind.length === 0) return 'none: agents that have registered keep their key';
  const late = (direction: keyof Items) => most(behind, (items) => items[direction].latestS);
  return [
    ...(own.length === 0 ? [] : [holesOf(own)]),
    ...(behind.length === 0
      ? []
      : [`behind it ${holesOf(behind)}, at most ${late('passive')} and ${late('active')} s late`]),
  ].join('; ');
}

function holesOf(all: readonly Items[]): string {
  const lost = sum(all.map(lostOf));
  return `passive ${most(all, ({ passive }) => passive.holeS)} s, active ${most(all, ({ active }) => active.holeS)} s, ${lost} lost`;
}

function most(all: readonly Items[], of: (items: Items) => number): string {
  return (spread(all.map(of))?.max ?? 0).toFixed(1);
}
