/** What the figures must not exceed, each with what was measured. */
import { callCount, ownMs, recordCalls } from './account.ts';
import type { Budget, MeasuredVersion, Rotation, ServiceAccount, StartUp } from './results.ts';
import { spread, sum } from './spread.ts';

export function budgets(versions: readonly MeasuredVersion[], { bundleKb, importMs }: StartUp): readonly Budget[] {
  const perVersion = versions.flatMap(({ zabbix, rotations }) => {
    const ours = rotations.filter(({ order }) => order === 'server-first');
    return [...ofTheData(ours), ...ofTheService(ours)].map((budget) => ({
      ...budget,
      says: `${zabbix}: ${budget.says}`,
    }));
  });
  return [
    ...perVersion,
    atMost('bundle, minified', bundleKb, 450, 'kB'),
    atMost('from import to ready, median', spread(importMs)?.median, 150, 'ms'),
  ];
}

function ofTheData(ours: readonly Rotation[]): readonly Budget[] {
  // In tenths: the values of an untroubled item come up to 10 ms more than their 5 s apart.
  const holesS = spread(ours.map(({ passive }) => tenths(passive.holeS)));
  // A poll in the mismatch and the 15 s that Zabbix then waits are 20 s; its server plans both in whole seconds.
  const worst = atMost('longest hole of a passive item of 5 s, worst', holesS?.max, 21, 's');
  const median = atMost('longest hole of a passive item of 5 s, median', holesS?.median, 5, 's');
  const awayMs = spread(ours.map(({ agentDownMs }) => agentDownMs))?.median;
  const lost = spread(ours.map(({ passive }) => passive.lost))?.median;
  const beyond = sum(ours.map(({ active }) => active.lostThoughSent));
  return [
    { ...median, value: `${median.value}, ${lost} lost`, met: median.met && lost === 0 },
    worst,
    atMost('agent away, median', awayMs, 500, 'ms'),
    {
      says: 'an active item loses at most what its agent had not sent',
      value: beyond === 0 ? 'nothing else' : `${beyond} values more`,
      met: ours.length > 0 && beyond === 0,
    },
  ];
}

function ofTheService(ours: readonly Rotation[]): readonly Budget[] {
  const most = (of: (account: ServiceAccount) => number) =>
    spread(ours.flatMap(({ service }) => (service === undefined ? [] : [of(service)])))?.max;
  return [
    atMost('our own time, worst', most(ownMs), 1000, 'ms'),
    atMost(
      'calls to AWS for the key, most',
      most(({ awsCalls }) => callCount(awsCalls) - recordCalls(awsCalls)),
      25,
    ),
    atMost(
      'calls to AWS for its record, most',
      most(({ awsCalls }) => recordCalls(awsCalls)),
      4,
    ),
    atMost(
      'calls to Zabbix, most',
      most(({ zabbixCalls }) => callCount(zabbixCalls)),
      12,
    ),
  ];
}

/** @param value undefined: not measured, so not met */
function atMost(what: string, value: number | undefined, limit: number, unit = ''): Budget {
  const said = (figure: number) => `${figure} ${unit}`.trim();
  return {
    says: `${what}: at most ${said(limit)}`,
    value: value === undefined ? 'not measured' : said(value),
    met: value !== undefined && value <= limit,
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
