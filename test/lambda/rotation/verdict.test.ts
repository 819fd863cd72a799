import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../../lambda/rotation/model.ts';
import { judge } from '../../../lambda/rotation/verdict.ts';

const value = { seen: 'value', item: 'agent.ping', atS: 20, afterS: 10, clockOf: 'server' } as const;
const none = { seen: 'none', waitedS: 120, error: undefined } as const;

function evidence(over: Partial<Evidence> = {}): Evidence {
  return { node: { fingerprint: 'new' }, stored: 'wanted', contact: value, oldKey: 'refused', ...over };
}

test.each([
  { zabbix: 'wanted', agent: 'new', contact: value, verdict: 'proven' },
  { zabbix: 'wanted', agent: 'old', contact: none, verdict: 'silent' },
  { zabbix: 'other', agent: 'new', contact: none, verdict: 'silent' },
  { zabbix: 'other', agent: 'old', contact: none, verdict: 'unswitched' },
] as const)('Zabbix $zabbix, agent $agent: $verdict', ({ zabbix, agent, contact, verdict }) => {
  expect(judge(evidence({ stored: zabbix, node: { fingerprint: agent }, contact }), 'new').verdict).toBe(verdict);
});

describe('what could not be asked is never silence', () => {
  test.each([
    { node: { unknown: 'throttled' } },
    { stored: 'unknown' },
    { contact: { seen: 'unknown', because: 'HTTP 502' } },
  ] as const)('%o', (over) => {
    expect(judge(evidence(over), 'new').verdict).toBe('unknown');
  });
});

test('both hold the key and nothing is heard: silent', () => {
  expect(judge(evidence({ contact: none }), 'new')).toEqual({
    verdict: 'silent',
    because: 'no fresh value came in 120 s',
  });
});

test('both hold the key and Zabbix names an error: refused', () => {
  expect(judge(evidence({ contact: { ...none, error: 'cannot establish TLS' } }), 'new').verdict).toBe('refused');
});

test('fresh contact is not enough while the old key is still accepted', () => {
  expect(judge(evidence({ oldKey: 'accepted' }), 'new').verdict).toBe('unswitched');
});

test('what hosts that have registered still use is not held against autoregistration', () => {
  const atPort = { node: { none: 'no node' }, stored: 'untold', contact: { seen: 'handshake', waitedS: 1 } } as const;
  expect(judge(evidence({ ...atPort, oldKey: 'kept', stillUsedBy: ['web-1'] }), 'new').verdict).toBe('proven');
  expect(judge(evidence({ ...atPort, oldKey: 'accepted' }), 'new').verdict).toBe('unswitched');
  expect(judge(evidence({ ...atPort, contact: none }), 'new')).toEqual({
    verdict: 'unswitched',
    because: 'the server still refused the key at its port after 120 s',
  });
  const unknown = { seen: 'unknown', because: 'nobody was there' } as const;
  expect(judge(evidence({ ...atPort, contact: unknown }), 'new')).toEqual({
    verdict: 'unknown',
    because: 'nobody was there',
  });
});
