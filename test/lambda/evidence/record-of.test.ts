import { describe, expect, test } from 'vitest';
import { fingerprintsWith } from '../../../lambda/evidence/fingerprint.ts';
import { recordShape } from '../../../lambda/evidence/record.ts';
import { recordOf } from '../../../lambda/evidence/record-of.ts';
import type { RecordedEnd } from '../../../lambda/rotation/ports.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import type { TargetRecord } from '../../../lambda/rotation/record.ts';
import { aRecord } from './a-record.ts';

const fingerprints = fingerprintsWith('an HMAC key that is long enough to be one');
const old = { identity: 'web-01', key: PskKey.mint(16) };
const next = { identity: 'web-01.k7q2x9', key: PskKey.mint(256) };
const third = PskKey.mint(32);
const first = { sequence: 1, previous: null, remembers: undefined };
const { endedBy, document } = aRecord();
const circumstances = { fingerprints, endedBy, document };

function anEnd(changes: Partial<RecordedEnd> = {}): RecordedEnd {
  return {
    secretId: 'arn',
    secretName: 'zabbix-psk/web-01',
    token: 'version',
    outcome: 'stranded',
    because: undefined,
    targets: [],
    ended: { ms: 0 },
    exchanged: { old, new: next },
    askedFor: true,
    ...changes,
  };
}

function aTarget(changes: Partial<TargetRecord>): TargetRecord {
  const evidence = {
    node: { fingerprint: old.key.fingerprint },
    stored: 'wanted',
    contact: { seen: 'none', waitedS: 3, error: undefined },
    oldKey: 'none',
  } as const;
  return {
    kind: 'host',
    target: 'web-01',
    node: 'i-0abc',
    identity: 'web-01',
    to: old.key.fingerprint,
    proofs: { verdict: 'silent', because: 'no fresh value came', ...evidence },
    ...changes,
  };
}

function proofOf(proofs: TargetRecord['proofs'], to = old.key.fingerprint) {
  const { targets } = recordOf(anEnd({ targets: [aTarget({ proofs, to })] }), first, circumstances);
  return targets[0]?.proof;
}

describe('keys are named by HMAC, also in sentences', () => {
  const sentence = (key: PskKey) => `the agent holds ${key.fingerprint} (version 0f2a-4bff-0123456789ab)`;

  test.each([
    ['the old key', old.key, fingerprints.of(old.key)],
    ['the new key', next.key, fingerprints.of(next.key)],
    ['a third key', third, '************'],
  ])('%s', (_, key, named) => {
    const target = aTarget({ proofs: { fingerprintOnNode: undefined, oldKey: undefined, notAsked: sentence(key) } });
    const record = recordOf(anEnd({ because: sentence(key), targets: [target] }), first, circumstances);
    const told = `the agent holds ${named} (version 0f2a-4bff-0123456789ab)`;

    expect(record.because).toBe(told);
    expect(record.targets[0]?.proof.because).toBe(told);
    expect(JSON.stringify(record)).not.toContain(key.fingerprint);
  });

  test('with another HMAC key they have other names, and the record tells which one it was', () => {
    const others = fingerprintsWith('another HMAC key, of the same length or more');
    expect(others.of(old.key)).not.toBe(fingerprints.of(old.key));
    expect(others.keyId).not.toBe(fingerprints.keyId);
  });

  test('an HMAC key that somebody may guess is refused, and not shown', () => {
    expect(() => fingerprintsWith('secret')).toThrow('the HMAC key has 6 characters, fewer than 32');
  });
});

test.each([
  [{ fingerprint: next.key.fingerprint }, 'new'],
  [{ fingerprint: old.key.fingerprint }, 'old'],
  [{ fingerprint: third.fingerprint }, 'other'],
  [{ unknown: 'its node could not be asked' }, 'unknown'],
  [{ byContact: 'its node could not be asked' }, 'by-contact'],
] as const)('a node that was found with %o holds the %s key', (node, expected) => {
  const contact = { seen: 'none', waitedS: 0, error: undefined } as const;
  expect(proofOf({ verdict: 'silent', node, stored: 'other', contact, oldKey: 'none' })?.node).toBe(expected);
});

test('what could not be asked is not told as silence', () => {
  expect(proofOf({ fingerprintOnNode: undefined, oldKey: undefined, notAsked: 'Zabbix is away' })).toEqual({
    verdict: 'unknown',
    node: 'unknown',
    zabbix: 'unknown',
    contact: null,
    oldKey: 'not-asked',
    because: 'Zabbix is away',
  });
});

test('a host whose two sides differ at the end is not told as proven', () => {
  const asked = { oldKey: 'not-asked', storedInZabbix: false, lastValue: 'agent.ping', lastValueS: 1 } as const;
  const proofs = { ...asked, fingerprintOnNode: next.key.fingerprint, lastValueClockOf: 'server' } as const;
  expect(proofOf(proofs, next.key.fingerprint)).toMatchObject({ verdict: 'silent', node: 'new', zabbix: 'other' });
});

test('clocks and times of a node that lies make a record all the same', () => {
  const target = aTarget({ agentDownMs: -3.7, serverWaitS: 1e9, switchedAt: new Date(8.64e15).toISOString() });
  const record = recordOf(anEnd({ targets: [target] }), first, circumstances);
  expect(recordShape.safeParse(record).error).toBeUndefined();
});

test('the chain remembers since when a key was in use, where it was told by the same HMAC key', () => {
  const activatedAt = '2026-01-01T00:00:00.000Z';
  const before = {
    identity: 'web-01',
    keyBytes: 16,
    fingerprint: fingerprints.of(old.key),
    activatedAt,
    deactivatedAt: null,
  };
  const since = (remembers: ReturnType<typeof aRecord>) =>
    recordOf(anEnd(), { sequence: 2, previous: 'x', remembers }, circumstances).old?.activatedAt;

  expect(since(aRecord({ fingerprintKey: fingerprints.keyId, new: before }))).toBe(activatedAt);
  expect(since(aRecord({ fingerprintKey: fingerprints.keyId, old: before }))).toBe(activatedAt);
  expect(since(aRecord({ fingerprintKey: '00000000', new: before }))).toBeNull();
});

test('what a key had to reach and who was told to hurry stands in the record, and nothing of it where nobody was', () => {
  const proofs = { fingerprintOnNode: old.key.fingerprint, oldKey: 'refused', behindProxy: true } as const;
  const reloads = ['server', 'proxy edge'];
  const { targets } = recordOf(anEnd({ targets: [aTarget({ proofs, reloads }), aTarget({})] }), first, circumstances);
  expect(targets[0]).toMatchObject({ behindProxy: true, reloads });
  expect(Object.keys(targets[1] ?? {})).not.toEqual(expect.arrayContaining(['behindProxy']));
  expect(Object.keys(targets[1] ?? {})).not.toEqual(expect.arrayContaining(['reloads']));
});

describe('autoregistration', () => {
  const recorded = (oldKey: 'refused' | 'kept', stillUsedBy?: readonly string[]) => {
    const evidence = {
      node: { none: 'no node follows it' },
      stored: 'untold',
      contact: { seen: 'handshake', waitedS: 0 },
      ...{ oldKey, stillUsedBy },
    } as const;
    const target: TargetRecord = {
      kind: 'autoregistration',
      target: 'autoregistration',
      node: undefined,
      identity: next.identity,
      to: next.key.fingerprint,
      gate: 'port-probe',
      switchedAt: '2026-11-28T03:00:00.000Z',
      proofs: { verdict: 'proven', ...evidence },
    };
    const record = recordOf(anEnd({ outcome: 'rotated', targets: [target] }), first, circumstances);
    return recordShape.parse(JSON.parse(JSON.stringify(record)));
  };

  test('is recorded without a node and with what the proof rests on', () => {
    const { old: before, new: minted, targets } = recorded('refused');
    expect(targets).toMatchObject([
      {
        kind: 'autoregistration',
        node: null,
        uses: 'new',
        gate: 'port-probe',
        proof: {
          verdict: 'proven',
          node: 'none',
          zabbix: 'unknown',
          contact: null,
          oldKey: 'refused',
          because: 'no node follows it',
        },
      },
    ]);
    expect(targets[0]?.proof).not.toHaveProperty('stillUsedBy');
    expect([minted?.activatedAt, before?.deactivatedAt]).toEqual([
      '2026-11-28T03:00:00.000Z',
      '2026-11-28T03:00:00.000Z',
    ]);
  });

  test('names the hosts that still use the key before it, which is in use for so long', () => {
    const { old: before, targets } = recorded('kept', ['web-1', 'web-2']);
    expect(targets[0]?.proof).toMatchObject({ oldKey: 'kept', stillUsedBy: ['web-1', 'web-2'] });
    expect(before?.deactivatedAt).toBeNull();
  });
});
