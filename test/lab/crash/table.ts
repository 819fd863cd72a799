/** What happened, as plain text of at most 120 columns. */
import { allTargets, placeGroup, wayName, ways } from './point.ts';
import { type CutShort, isWell, type MeasuredVersion, type Results } from './results.ts';

const columns = ['rotated', 'rolled-back', 'refused', 'stranded', 'not reached', 'problems'] as const;
const labelWidth = 26;
const cellWidth = 13;

/** Version by version: where it was cut short, and how that ended. */
export function table({ versions }: Results): readonly string[] {
  return versions.flatMap((version) => [
    ...versionTable(version),
    ...version.rotations.flatMap(problemLines),
    ...version.leaks.map((leak) => `  LEAK ${leak}`),
    ...version.strange.map((strange) => `  STRANGE ${strange}`),
    '',
    ...verdict(version),
    '',
  ]);
}

function versionTable({ zabbix, rotations }: MeasuredVersion): readonly string[] {
  return [
    line(`Zabbix ${zabbix}`, ['crashes', ...columns]),
    ...allTargets
      .flatMap((targets) => ways.map((way) => ({ targets, way })))
      .flatMap(({ targets, way }) => {
        const ofWay = rotations.filter((one) => one.targets === targets && one.way === way);
        const groups = [...new Set(ofWay.map(({ place }) => placeGroup(place)))];
        if (ofWay.length === 0) return [];
        const rows = groups.map((group) =>
          line(`  ${group}`, counts(ofWay.filter(({ place }) => placeGroup(place) === group))),
        );
        return [wayName({ targets, way }), ...rows];
      }),
    line('all', counts(rotations)),
  ];
}

/** A rotation counts once: as what went wrong, as not reached, or as its outcome. */
function counts(rotations: readonly CutShort[]): readonly string[] {
  const cell = (column: (typeof columns)[number]) =>
    rotations
      .filter((one) => columnOf(one) === column)
      .length.toString()
      .replace(/^0$/, '·');
  return [String(rotations.length), ...columns.map(cell)];
}

function columnOf({ problems, reached, outcome }: CutShort): (typeof columns)[number] {
  if (outcome === 'stranded') return 'stranded';
  if (problems.length > 0 || outcome === 'no end') return 'problems';
  return reached ? outcome : 'not reached';
}

function problemLines({
  name,
  host,
  retries,
  problems,
  earlierProblems = [],
  story = [],
}: CutShort): readonly string[] {
  if (problems.length + earlierProblems.length === 0) return [];
  const by = retries ? 'with retries' : 'by the repair function alone';
  return [
    `  ${name} (${host}, ${by})`,
    ...earlierProblems.map((problem) => `    before it was tried again: ${problem}`),
    ...problems.map((problem) => `    ${problem}`),
    ...story.map((told) => `      ${told}`),
  ];
}

/**
 * `Zabbix 6.0: well · 400 crashes, 200 left to the repair function · 0 stranded · 0 leaks of 1200 keys`
 * `  tried 400 of 402 different ones: 672 of 676 points`
 */
function verdict(version: MeasuredVersion): readonly string[] {
  const { zabbix, rotations, leaks, keys, points, kills } = version;
  const reached = rotations.filter((one) => one.reached).length;
  const stranded = rotations.filter(({ problems }) => problems.length > 0).length;
  const repaired = rotations.filter((one) => !one.retries && one.reached).length;
  const how = isWell(version) ? 'well' : 'NOT WELL';
  return [
    `Zabbix ${zabbix}: ${how} · ${reached} crashes, ${repaired} left to the repair function · ${stranded} stranded · ${leaks.length} leaks of ${keys} keys`,
    `  tried ${rotations.length} of ${kills} different ones: ${pointsTried(rotations)} of ${points} points`,
  ];
}

/** With those that are the same kill as one that was tried. */
export function pointsTried(rotations: readonly CutShort[]): number {
  return rotations.reduce((sum, { standsFor = [] }) => sum + 1 + standsFor.length, 0);
}

function line(label: string, cells: readonly string[]): string {
  return label.padEnd(labelWidth) + cells.map((cell) => cell.padStart(cellWidth)).join('');
}
