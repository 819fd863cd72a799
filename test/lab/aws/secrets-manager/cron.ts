/** AWS's six-field cron: minutes, hours, day of month, month, day of week, year. Only what schedules of rotations need. */
import { NotImitated } from '../aws-error.ts';

export interface CronFields {
  readonly minutes: string;
  readonly hours: (hour: number) => boolean;
  readonly dayOfMonth: (date: Date) => boolean;
  readonly month: (month: number) => boolean;
  readonly dayOfWeek: (date: Date) => boolean;
  readonly year: string;
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** 1 is Sunday. */
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export function cronFields(expression: string): CronFields | undefined {
  const fields = expression.match(/^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/)?.slice(1);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields ?? [];
  if (minutes === undefined || hours === undefined || dayOfMonth === undefined) return undefined;
  if (month === undefined || dayOfWeek === undefined || year === undefined) return undefined;
  return {
    minutes,
    year,
    hours: range(hours, 0, 23, []),
    month: range(month, 1, 12, monthNames),
    dayOfMonth: dayOfMonthTest(dayOfMonth),
    dayOfWeek: dayOfWeekTest(dayOfWeek),
  };
}

export function cronHolds(fields: CronFields, date: Date): boolean {
  return (
    fields.hours(date.getUTCHours()) &&
    fields.month(date.getUTCMonth() + 1) &&
    fields.dayOfMonth(date) &&
    fields.dayOfWeek(date)
  );
}

function dayOfMonthTest(field: string): (date: Date) => boolean {
  if (field === 'L') return (date) => new Date(date.getTime() + 24 * 3600 * 1000).getUTCDate() === 1;
  const test = range(field, 1, 31, []);
  return (date) => test(date.getUTCDate());
}

function dayOfWeekTest(field: string): (date: Date) => boolean {
  const [day = '', nth] = field.split('#');
  const test = range(day, 1, 7, dayNames);
  return (date) =>
    test(date.getUTCDay() + 1) && (nth === undefined || Math.ceil(date.getUTCDate() / 7) === Number(nth));
}

function range(field: string, first: number, last: number, names: readonly string[]): (value: number) => boolean {
  if (field === '*' || field === '?') return () => true;
  const number = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    const value = named === -1 ? Number(text) : named + first;
    if (!Number.isInteger(value) || value < first || value > last) throw new NotImitated(`cron field ${field}`);
    return value;
  };
  const tests = field.split(',').map((part) => {
    const [span = '', step] = part.split('/');
    const [from, to] = span === '*' ? [first, last] : span.split('-').map(number);
    const start = from ?? first;
    const end = to ?? (step === undefined ? start : last);
    const every = step === undefined ? 1 : Number(step);
    return (value: number) => value >= start && value <= end && (value - start) % every === 0;
  });
  return (value) => tests.some((test) => test(value));
}
