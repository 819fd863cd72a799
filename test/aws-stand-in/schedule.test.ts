import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { ManualClock } from '../lab/aws/clock.ts';
import type { Habits } from '../lab/aws/habits.ts';
import { assertRules, nextRotationMs, windowEndsMs } from '../lab/aws/secrets-manager/schedule.ts';
import { aCloud, planned } from './a-cloud.ts';

const hourMs = 3600 * 1000;
/** A Monday. */
const from = Date.UTC(2026, 0, 5, 12, 30);

test.each([
  ['cron(0 2 ? * TUE *)', '2026-01-06T02:00:00.000Z'],
  ['cron(0 2 ? * TUE#1 *)', '2026-01-06T02:00:00.000Z'],
  ['cron(0 2 1 */3 ? *)', '2026-04-01T02:00:00.000Z'],
  ['cron(0 23 L * ? *)', '2026-01-31T23:00:00.000Z'],
  ['cron(0 8,16 ? * MON-FRI *)', '2026-01-05T16:00:00.000Z'],
  ['rate(10 days)', '2026-01-15T12:30:00.000Z'],
  ['rate(4 hours)', '2026-01-05T16:30:00.000Z'],
])('%s comes round next at %s', (ScheduleExpression, next) => {
  expect(new Date(nextRotationMs({ ScheduleExpression }, from)).toISOString()).toBe(next);
});

test.each([
  [{ ScheduleExpression: 'rate(3 hours)' }, /more often/],
  [{ ScheduleExpression: 'cron(30 2 * * ? *)' }, /minutes must be 0/],
  [{ ScheduleExpression: 'cron(0 2 * * ? 2026)' }, /year must be/],
  [{ ScheduleExpression: 'cron(0 2,4 * * ? *)' }, /more often/],
  [{ ScheduleExpression: 'cron(0 22 * * ? *)', Duration: '3h' }, /next UTC day/],
  [{ ScheduleExpression: 'every night' }, /not valid/],
  [{ ScheduleExpression: 'rate(1 day)', AutomaticallyAfterDays: 1 }, /either/],
  [{ AutomaticallyAfterDays: 1, Duration: '25h' }, /1h to 24h/],
])('%j is refused', (rules, error) => {
  expect(() => assertRules(rules)).toThrow(error);
});

test.each([
  [{ ScheduleExpression: 'cron(0 2 ? * TUE *)', Duration: '3h' }, '2026-01-05T15:30:00.000Z'],
  [{ ScheduleExpression: 'cron(0 2 ? * TUE *)' }, '2026-01-06T00:00:00.000Z'],
  [{ ScheduleExpression: 'rate(10 days)' }, '2026-01-06T00:00:00.000Z'],
  [{ ScheduleExpression: 'rate(4 hours)' }, '2026-01-05T13:30:00.000Z'],
  [{ AutomaticallyAfterDays: 1 }, '2026-01-06T00:00:00.000Z'],
])('the window of %j ends at %s', (rules, ends) => {
  expect(new Date(windowEndsMs(rules, from)).toISOString()).toBe(ends);
});

test('a rotation by schedule is tried again while its window is open', async () => {
  const { clock, cloud } = await failingAtTwo({ rotationRetries: 1, rotationRetryMs: hourMs });
  await expect.poll(() => JSON.stringify(cloud.events)).toContain('RotationFailed');
  await clock.advance(hourMs);
  expect(await cloud.rotationEnded('zabbix-psk/web-01')).toMatchObject({ outcome: 'failed', attempts: 2 });
});

test('and no longer', async () => {
  const { cloud } = await failingAtTwo({ rotationRetries: 1, rotationRetryMs: 23 * hourMs });
  expect(await cloud.rotationEnded('zabbix-psk/web-01')).toMatchObject({ outcome: 'failed', attempts: 1 });
});

/** A rotation by schedule, begun on Tuesday at two, that fails. */
async function failingAtTwo(habits: Partial<Habits>) {
  const clock = new ManualClock(from);
  const cloud = await aCloud({ clock, edit: planned('fail setSecret'), habits: { rotationStartMs: 0, ...habits } });
  await clock.advance(13.5 * hourMs);
  expect(cloud.startDueRotations()).toEqual(['zabbix-psk/web-01']);
  await clock.advance(1);
  return { clock, cloud };
}

test('a rotation whose time has come is started once, and the next one is planned', async () => {
  const clock = new ManualClock(from);
  const cloud = await aCloud({ clock, habits: { rotationStartMs: 0 } });
  expect(cloud.startDueRotations()).toEqual([]);
  await clock.advance(14 * 3600 * 1000);
  expect(cloud.startDueRotations()).toEqual(['zabbix-psk/web-01']);
  expect(cloud.startDueRotations()).toEqual([]);
  await clock.advance(1);
  expect(await cloud.rotationEnded('zabbix-psk/web-01')).toMatchObject({ outcome: 'succeeded' });
  const { NextRotationDate } = await new SecretsManagerClient(cloud.operator.client).send(
    new DescribeSecretCommand({ SecretId: 'zabbix-psk/web-01' }),
  );
  expect(NextRotationDate?.toISOString()).toBe('2026-01-13T02:00:00.000Z');
});
