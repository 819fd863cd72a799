/**
 * When a secret rotates by itself. Only expressions that Secrets Manager accepts pass: UTC, cron minute 0 and year `*`, at least
 * 4 hours apart, a window that ends within its UTC day.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
import { AwsError } from '../aws-error.ts';
import { cronFields, cronHolds } from './cron.ts';

export interface RotationRules {
  readonly AutomaticallyAfterDays?: number;
  readonly Duration?: string;
  readonly ScheduleExpression?: string;
}

const hourMs = 3600 * 1000;
const dayMs = 24 * hourMs;
const minHoursBetween = 4;
/** A cron expression that does not come round within this is refused. */
const searchHours = 24 * 1000;

export function assertRules({ AutomaticallyAfterDays, Duration, ScheduleExpression }: RotationRules): void {
  if ((AutomaticallyAfterDays === undefined) === (ScheduleExpression === undefined)) {
    throw invalid('RotationRules needs either AutomaticallyAfterDays or ScheduleExpression.');
  }
  const durationHours = Duration === undefined ? undefined : Number(Duration.match(/^([1-9]|1[0-9]|2[0-4])h$/)?.[1]);
  if (Number.isNaN(durationHours)) throw invalid(`Duration ${Duration} is not 1h to 24h.`);
  if (ScheduleExpression === undefined) return;
  const rate = rateHours(ScheduleExpression);
  if (rate !== undefined) {
    if (rate < minHoursBetween)
      throw invalid(`${ScheduleExpression} rotates more often than every ${minHoursBetween} hours.`);
    return;
  }
  const fields = cronFields(ScheduleExpression);
  if (fields === undefined) throw invalid(`ScheduleExpression ${ScheduleExpression} is not valid.`);
  if (fields.minutes !== '0') throw invalid(`${ScheduleExpression}: minutes must be 0.`);
  if (fields.year !== '*') throw invalid(`${ScheduleExpression}: year must be *.`);
  const hours = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => fields.hours(hour));
  const gaps = hours.map((hour, index) => (hours[index + 1] ?? (hours[0] ?? 0) + 24) - hour);
  if (gaps.some((gap) => gap < minHoursBetween))
    throw invalid(`${ScheduleExpression} rotates more often than every 4 hours.`);
  const lastHour = hours.at(-1) ?? 0;
  if (durationHours !== undefined && lastHour + durationHours > 24) {
    throw invalid(`The window of ${durationHours}h after ${ScheduleExpression} reaches into the next UTC day.`);
  }
}

/** Start of the next window. (AWS reports a date by which it will have rotated; the day is the same.) */
export function nextRotationMs({ AutomaticallyAfterDays, ScheduleExpression }: RotationRules, fromMs: number): number {
  if (ScheduleExpression === undefined) return fromMs + (AutomaticallyAfterDays ?? 0) * 24 * hourMs;
  const rate = rateHours(ScheduleExpression);
  if (rate !== undefined) return fromMs + rate * hourMs;
  const fields = cronFields(ScheduleExpression);
  const firstMs = (Math.floor(fromMs / hourMs) + 1) * hourMs;
  for (let hour = 0; hour < searchHours; hour += 1) {
    const atMs = firstMs + hour * hourMs;
    if (fields !== undefined && cronHolds(fields, new Date(atMs))) return atMs;
  }
  throw invalid(`${ScheduleExpression} never comes round.`);
}

/** When the window ends that opens then: after its Duration; without one after an hour for a rate in hours, else with the UTC day. */
export function windowEndsMs({ Duration, ScheduleExpression }: RotationRules, fromMs: number): number {
  if (Duration !== undefined) return fromMs + Number.parseInt(Duration, 10) * hourMs;
  if (/^rate\(\d+ hours?\)$/.test(ScheduleExpression ?? '')) return fromMs + hourMs;
  return (Math.floor(fromMs / dayMs) + 1) * dayMs;
}

function rateHours(expression: string): number | undefined {
  const match = expression.match(/^rate\((\d+) (hour|hours|day|days)\)$/);
  return match === null ? undefined : Number(match[1]) * (match[2]?.startsWith('day') === true ? 24 : 1);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
