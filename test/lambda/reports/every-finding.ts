import type { Gathered } from '../../../lambda/reports/gathered.ts';
import { parseWaivers } from '../../../lambda/reports/waivers.ts';
import { aHost, anEstate, anInspection, aRecord, aSecret, aTarget } from './an-estate.ts';

/** An estate that has one of each kind of finding, on subjects named after it. */
export function everyFinding(): Gathered {
  const failed = (name: string, outcome: 'stranded' | 'rolled-back') =>
    aRecord(name, { outcome, because: 'web-2 was silent', sequence: 2, targets: [{ kind: 'host', name }] });
  const odd = (name: string, also: Parameters<typeof aTarget>[1]) => aSecret(name, { targets: [aTarget(name, also)] });
  return anEstate(
    {
      secrets: {
        known: [
          aSecret('web-01'),
          aSecret('stranded'),
          aSecret('last-one-failed'),
          aSecret('unfinished', { unfinished: true }),
          odd('drift', { inspection: anInspection({ key: 'other', identityInZabbix: false }) }),
          odd('key-file-open', { inspection: anInspection({ keyMode: '0644' }) }),
          odd('short-key', { inspection: anInspection({ keyBytes: 16 }) }),
          odd('byte-order-mark', {
            inspection: { state: 'refused', says: 'The key file begins with a byte order mark', byteOrderMark: true },
          }),
          odd('not-inspected', { inspection: { state: 'unreachable', says: 'Systems Manager says ConnectionLost' } }),
          odd('target-missing', { zabbixHolds: { known: 'missing' } }),
          aSecret('overdue', { next: '2026-11-01T03:00:00Z' }),
          aSecret('not-scheduled', { rotationEnabled: false }),
          aSecret('not-adopted', { value: { state: 'placeholder' }, targets: [] }),
          aSecret('shared-identity', { otherUsers: { known: ['db-01', 'db-02'] } }),
          aSecret('named-twice'),
          aSecret('named-twice-too', { targets: [aTarget('named-twice')] }),
          neverRotated(),
        ],
      },
      records: {
        known: [
          ...withRecords.map((name) => aRecord(name)),
          failed('stranded', 'stranded'),
          failed('last-one-failed', 'rolled-back'),
        ],
      },
      chains: [
        { secret: 'zabbix-psk/web-01', records: 1, head: 'ab'.repeat(32), problems: [] },
        { secret: 'zabbix-psk/records-broken', records: 3, head: 'cd'.repeat(32), problems: ['00000002.json is gone'] },
      ],
    },
    {
      hosts: {
        known: [
          ...['web-01', 'stranded', 'last-one-failed', 'unfinished', 'drift', 'key-file-open', 'short-key'].map(
            (name) => aHost(name),
          ),
          ...[
            'byte-order-mark',
            'not-inspected',
            'overdue',
            'not-scheduled',
            'shared-identity',
            'never-rotated',
            'named-twice',
          ].map((name) => aHost(name)),
          aHost('unencrypted', { connect: 'none', accept: ['none'] }),
          aHost('one-direction-open', { connect: 'psk', accept: ['none', 'psk'] }),
          aHost('not-covered'),
        ],
      },
      proxies: { unknown: 'Zabbix refused proxy.get: No permissions to call "proxy.get".' },
      readers: { known: [{ user: 'grafana', role: 'User role', reads: 3 }] },
    },
  );
}

const withRecords = [
  'web-01',
  'stranded',
  'last-one-failed',
  'drift',
  'key-file-open',
  'short-key',
  'overdue',
  'shared-identity',
];

function neverRotated() {
  const { rotated: _, ...secret } = aSecret('never-rotated', { changed: '2026-01-10T09:05:00Z' });
  return secret;
}

/** One that holds, one that has ended, one that nothing needs. */
export const someWaivers = parseWaivers({
  waivers: [
    waiver('unencrypted', 'unencrypted', '2027-01-31'),
    waiver('not-covered', 'not-covered', '2026-11-22'),
    waiver('short-key', 'long gone', '2027-01-31'),
  ],
});

function waiver(rule: string, name: string, expires: string) {
  return { rule, kind: 'host', name, owner: 'ops@example.com', reason: 'is switched off in January', expires };
}
