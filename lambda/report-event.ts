import { _default, int, maximum, minimum, number, strictObject } from 'zod/mini';
import { Refusal } from './errors.ts';

const monthDays = 31;
const tenYearsDays = 3_660;

const days = number().check(int(), minimum(1), maximum(tenYearsDays));
const shape = strictObject({ report: strictObject({ days: _default(days, monthDays) }) });

/**
 * What the report function may be called with, by the schedule and from the Lambda console.
 *
 * @returns length of the report's period, in days
 * @throws {Refusal} for anything else
 */
export function parseReportEvent(event: unknown): number {
  const request = shape.safeParse(event);
  if (request.success) return request.data.report.days;
  throw new Refusal(
    'EVENT_UNKNOWN',
    'the event is neither {"report": {}} nor {"report": {"days": 366}}, whose days are those of the period',
  );
}
