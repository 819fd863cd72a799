/**
 * What Secrets Manager accepts as a rotation schedule and window, checked before a deploy fails half-way.
 * All times are UTC.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html (November 2026)
 */

/** Hours that must lie between two rotations. */
const leastHoursApart = 4;
/** Secrets Manager's longest rate, in days. */
const mostDaysApart = 999;
const hoursPerDay = 24;

const example = 'write it like cron(0 3 1 * ? *) or rate(30 days)';

type Schedule = { kind: 'rate'; hours: number } | { kind: 'cron'; hours: readonly number[] };

/** What is wrong with the expression; each sentence continues "schedule <value> …". */
export function scheduleProblems(expression: string): string[] {
  const parsed = parseSchedule(expression);
  return Array.isArray(parsed) ? parsed : [];
}

/** What is wrong with the window; each sentence continues "window <value> …". A broken schedule is told elsewhere. */
export function windowProblems(window: string, expression: string): string[] {
  const hours = /^([0-9]{1,2})h$/.exec(window)?.[1];
  if (hours === undefined || Number(hours) < 1 || Number(hours) > hoursPerDay) {
    return ['must be whole hours from 1h to 24h; write it like 4h.'];
  }
  const schedule = parseSchedule(expression);
  if (Array.isArray(schedule)) return [];
  const length = Number(hours);
  switch (schedule.kind) {
    case 'rate':
      return length > schedule.hours
        ? [`is longer than the ${schedule.hours} hours between two rotations; shorten it.`]
        : [];
    case 'cron': {
      const latest = Math.max(...schedule.hours);
      if (latest + length > hoursPerDay) {
        return [
          `would cross the end of the UTC day: it opens at ${latest}:00 UTC; make it at most ${hoursPerDay - latest}h or start earlier.`,
        ];
      }
      const apart = hoursBetween(schedule.hours);
      return length > apart ? [`is longer than the ${apart} hours between two rotations; shorten it.`] : [];
    }
  }
}

function parseSchedule(expression: string): Schedule | string[] {
  const rate = /^rate\(([0-9]+) (hour|hours|day|days)\)$/.exec(expression);
  if (rate !== null) return parseRate(Number(rate[1]), rate[2] ?? '');
  const cron = /^cron\((.*)\)$/.exec(expression)?.[1];
  if (cron !== undefined) return parseCron(cron);
  return [`is neither cron(…) nor rate(…); ${example}.`];
}

function parseRate(count: number, unit: string): Schedule | string[] {
  const hours = unit.startsWith('day') ? count * hoursPerDay : count;
  if (hours < leastHoursApart) {
    return [`rotates more often than every ${leastHoursApart} hours, which Secrets Manager refuses; lengthen it.`];
  }
  if (hours > mostDaysApart * hoursPerDay) {
    return [`is longer than ${mostDaysApart} days, which Secrets Manager refuses; shorten it.`];
  }
  return { kind: 'rate', hours };
}

function parseCron(text: string): Schedule | string[] {
  const [minute, hour, dayOfMonth, month, dayOfWeek, year, ...more] = text.split(' ');
  if (year === undefined || more.length > 0) {
    return [
      `has ${text === '' ? 0 : text.split(' ').length} fields, but cron has six (minute, hour, day of month, month, day of week, year); ${example}.`,
    ];
  }
  if (minute !== '0') return [`has minute ${minute}, but Secrets Manager opens windows on the hour only; use 0.`];
  if (year !== '*') return [`has year ${year}, but Secrets Manager allows only *; use *.`];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    return ['must have ? in exactly one of day of month and day of week; put ? where the other decides.'];
  }
  if (!/^[0-9,*?/LW-]+$/.test(dayOfMonth ?? '')) return [`has day of month ${dayOfMonth}; use 1 to 31, L, * or ?.`];
  if (!/^[0-9A-Z,*/-]+$/.test(month ?? '')) return [`has month ${month}; use 1 to 12, JAN to DEC or *.`];
  if (!/^[0-9A-Z,*?/#-]+$/.test(dayOfWeek ?? ''))
    return [`has day of week ${dayOfWeek}; use 1 to 7, SUN to SAT, * or ?.`];

  const hours = parseHours(hour ?? '');
  if (hours === undefined) return [`has hour ${hour}; use 0 to 23, a list like 2,14 or a step like 0/6.`];
  if (hoursBetween(hours) < leastHoursApart) {
    return [
      `rotates at ${hours.join(', ')} o'clock, less than ${leastHoursApart} hours apart, which Secrets Manager refuses; leave more time between.`,
    ];
  }
  return { kind: 'cron', hours };
}

/** The hours of the day that a cron hour field names, in order; undefined when it names none. */
function parseHours(field: string): number[] | undefined {
  const hours = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:(\*|[0-9]{1,2})(?:-([0-9]{1,2}))?)?(?:\/([0-9]{1,2}))?$/.exec(part);
    if (match === null || part === '') return undefined;
    const [, from, to, step] = match;
    const first = from === undefined || from === '*' ? 0 : Number(from);
    const single = from !== undefined && from !== '*' && to === undefined && step === undefined;
    const last = single ? first : Number(to ?? hoursPerDay - 1);
    const stride = Number(step ?? 1);
    if (first > last || last >= hoursPerDay || stride === 0) return undefined;
    for (let hour = first; hour <= last; hour += stride) hours.add(hour);
  }
  return [...hours].sort((a, b) => a - b);
}

/** Shortest time between two of the hours, over midnight too: most schedules run on consecutive days. */
function hoursBetween(hours: readonly number[]): number {
  const first = hours[0] ?? 0;
  const next = [...hours.slice(1), first + hoursPerDay];
  return Math.min(...hours.map((hour, index) => (next[index] ?? hour + hoursPerDay) - hour));
}
