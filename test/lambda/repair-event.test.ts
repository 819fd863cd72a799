import { expect, test } from 'vitest';
import { Refusal } from '../../lambda/errors.ts';
import { parseRepairEvent } from '../../lambda/repair-event.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:zabbix-psk/web-01-AbCdEf';

test('the event of a failed rotation names the secret and when it failed', () => {
  const event = {
    version: '0',
    'detail-type': 'AWS Service Event via CloudTrail',
    source: 'aws.secretsmanager',
    time: '2026-11-23T05:00:00Z',
    detail: { eventName: 'RotationFailed', additionalEventData: { SecretId: arn } },
  };
  expect(parseRepairEvent(event)).toEqual({ secret: arn, failed: { ms: Date.UTC(2026, 10, 23, 5) } });
});

test.each(['zabbix-psk/web-01', 'all', 'waiting'])('{"repair": "%s"} asks without a failure', (repair) => {
  expect(parseRepairEvent({ repair })).toEqual({ secret: repair, failed: undefined });
});

test.each([
  {},
  { repair: '' },
  { repair: 'x', mint: true },
  { source: 'aws.secretsmanager', detail: {} },
  null,
  'repair',
])('%o is refused, by its keys only', (event) => {
  expect(() => parseRepairEvent(event)).toThrow(Refusal);
  expect(() => parseRepairEvent(event)).not.toThrow(/mint": true/);
});
