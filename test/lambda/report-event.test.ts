import { expect, test } from 'vitest';
import { parseReportEvent } from '../../lambda/report-event.ts';

test('a report is about a month, unless another number of days is asked for', () => {
  expect(parseReportEvent({ report: {} })).toBe(31);
  expect(parseReportEvent({ report: { days: 366 } })).toBe(366);
});

test.each([
  [undefined],
  ['report'],
  [{}],
  [{ report: 'all' }],
  [{ report: { days: 0 } }],
  [{ report: { days: 1e6 } }],
  [{ report: {}, more: 1 }],
])('%j is refused, and nothing of it is repeated', (event) => {
  expect(() => parseReportEvent(event)).toThrow(/^the event is neither \{"report": \{\}\} nor/);
});
