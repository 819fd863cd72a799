import { expect, test } from 'vitest';
import { driftOf } from '../../../lambda/reports/drift.ts';
import { anInspection, aTarget } from './an-estate.ts';

test.each([
  { zabbix: 'current', node: 'current', side: undefined },
  { zabbix: 'current', node: 'other', side: 'node' },
  { zabbix: 'current', node: 'previous', side: 'node' },
  { zabbix: 'other', node: 'current', side: 'zabbix' },
  { zabbix: 'previous', node: 'current', side: 'zabbix' },
  { zabbix: 'previous', node: 'previous', side: 'secret' },
  { zabbix: 'pending', node: 'pending', side: 'secret' },
  { zabbix: 'other', node: 'other', side: 'secret' },
  { zabbix: 'previous', node: 'other', side: 'unclear' },
  { zabbix: 'other', node: 'previous', side: 'unclear' },
] as const)('Zabbix $zabbix, node $node: $side differs', ({ zabbix, node, side }) => {
  const inspection = anInspection({ key: node, identityInZabbix: true });
  expect(driftOf(aTarget('web-01', { zabbixHolds: { known: zabbix }, inspection }))?.side).toBe(side);
});

test('two keys that nobody knows are the same only where Zabbix knows the node’s identity', () => {
  const inspection = anInspection({ key: 'other', identityInZabbix: false });
  expect(driftOf(aTarget('web-01', { zabbixHolds: { known: 'other' }, inspection }))?.side).toBe('unclear');
});

test('a side that could not be asked is no difference by itself', () => {
  const silent = { state: 'unreachable', says: 'Systems Manager says ConnectionLost' } as const;
  expect(driftOf(aTarget('web-01', { inspection: silent }))).toBeUndefined();
  for (const zabbixHolds of [{ unknown: 'refused' }, { known: 'untold' }, { known: 'missing' }] as const)
    expect(driftOf(aTarget('web-01', { zabbixHolds }))).toBeUndefined();
  expect(driftOf(aTarget('web-01', { inspection: silent, zabbixHolds: { known: 'other' } }))).toMatchObject({
    side: 'unclear',
    evidence: expect.stringMatching(/Zabbix holds a key that is in no version of the secret/),
  });
});
