import { describe, expect, test } from 'vitest';
import { compileReport } from '../../../lambda/reports/compile-report.ts';
import { toJson } from '../../../lambda/reports/forms/json.ts';
import { type Gathered, gatheredShape } from '../../../lambda/reports/gathered.ts';
import { ruleNames } from '../../../lambda/reports/rules.ts';
import { aHost, anEstate, anInspection, aRecord, aSecret, aTarget } from './an-estate.ts';
import { everyFinding, someWaivers } from './every-finding.ts';

const found = (gathered: Gathered) => compileReport(gathered, []).findings.map(({ rule, name }) => `${rule} ${name}`);

test('an estate that is in order has no finding', () => {
  expect(found(anEstate())).toEqual([]);
});

test('each kind of finding is found, where it is and nowhere else', () => {
  const report = compileReport(everyFinding(), someWaivers);
  expect(new Set(report.findings.map(({ rule }) => rule))).toEqual(new Set(ruleNames));
  const subjects = report.findings.map(({ rule, name }) => `${rule} ${name.replace('zabbix-psk/', '')}`);
  const named = subjects.filter((subject) => subject.split(' ')[0] !== subject.split(' ')[1]);
  expect(named).toEqual([
    'not-covered one-direction-open',
    'not-asked proxies of Zabbix',
    'waiver-expired not-covered · host not-covered',
    'api-reader grafana',
    'waiver-unused short-key · host long gone',
  ]);
});

test('exceptions come first: what is open before what is waived, the worst of it at the top', () => {
  const { findings, coverage } = compileReport(everyFinding(), someWaivers);
  expect(findings.at(0)).toMatchObject({ rule: 'stranded', severity: 'critical', status: 'open' });
  expect(findings.at(-1)).toMatchObject({ rule: 'unencrypted', status: 'waived' });
  expect(coverage.at(0)).toMatchObject({ name: 'stranded', worst: 'critical' });
});

test('what was gathered in another order gives the same bytes', () => {
  const turned = structuredClone(everyFinding());
  for (const list of [turned.zabbix.hosts, turned.secrets, turned.records]) if ('known' in list) list.known.reverse();
  turned.chains.reverse();
  expect(toJson(compileReport(turned, someWaivers.toReversed()))).toBe(
    toJson(compileReport(everyFinding(), someWaivers)),
  );
});

test('what was gathered passes its own border, and an unreadable list is not an empty one', () => {
  expect(gatheredShape.parse(everyFinding())).toEqual(everyFinding());
  const { zabbix, ...rest } = anEstate();
  expect(gatheredShape.safeParse({ ...rest, zabbix: { ...zabbix, hosts: [] } }).success).toBe(false);
  expect(found(anEstate({}, { hosts: { unknown: 'Zabbix cannot be reached' } }))).toContain(
    'not-asked hosts of Zabbix',
  );
});

describe('how a host is encrypted', () => {
  test.each([
    { connect: 'psk', accept: ['psk'], encryption: 'psk' },
    { connect: 'none', accept: ['none'], encryption: 'none' },
    { connect: 'psk', accept: ['none'], encryption: 'open' },
    { connect: 'none', accept: ['psk'], encryption: 'open' },
    { connect: 'psk', accept: ['none', 'psk'], encryption: 'open' },
    { connect: 'certificate', accept: ['certificate'], encryption: 'certificate' },
    { connect: null, accept: ['psk'], encryption: 'psk' },
    { connect: 'none', accept: null, encryption: 'none' },
  ] as const)('connections to it $connect, from it $accept: $encryption', ({ connect, accept, encryption }) => {
    const host = aHost('web-01', { connect, accept: accept === null ? null : [...accept] });
    const { coverage } = compileReport(anEstate({}, { hosts: { known: [host] } }), []);
    expect(coverage.find(({ name }) => name === 'web-01')).toMatchObject({ encryption });
  });
});

describe('what is no finding', () => {
  const alone = (also: Parameters<typeof aHost>[1]) =>
    found(
      anEstate(
        { secrets: { known: [] }, records: { known: [] }, chains: [] },
        { hosts: { known: [aHost('web-01', also)] } },
      ),
    );

  test('a host that is disabled, one that has no agent, and one that uses certificates', () => {
    expect(alone({ enabled: false, connect: 'none', accept: ['none'] })).toEqual([]);
    expect(alone({ usesAgent: false, connect: 'none', accept: ['none'] })).toEqual([]);
    expect(alone({ connect: 'certificate', accept: ['certificate'] })).toEqual([]);
  });

  test('sides that differ while a rotation is open: that it is open is the finding', () => {
    const targets = [aTarget('web-01', { zabbixHolds: { known: 'pending' } })];
    const secrets = { known: [aSecret('web-01', { unfinished: true, targets })] };
    expect(found(anEstate({ secrets }))).toEqual(['unfinished zabbix-psk/web-01']);
  });

  test('a rotation that waits is told with the time until when', () => {
    const waiting = aSecret('web-01', { unfinished: true, waitsUntil: '2026-11-23T04:23:00.000Z' });
    const { findings } = compileReport(anEstate({ secrets: { known: [waiting] } }), []);
    expect(findings.map(({ evidence }) => evidence)).toEqual([
      expect.stringMatching(/; it waits until 2026-11-23T04:23:00\.000Z for a passive proxy to be sent its key$/),
    ]);
  });
});

describe('the age of a key', () => {
  const row = (also: Partial<Gathered>) =>
    compileReport(anEstate(also), []).coverage.find(({ name }) => name === 'web-01');

  test('is counted from the activation that a record tells', () => {
    expect(row({})).toMatchObject({ keyAgeDays: 14, keySince: { source: 'record', at: '2026-11-09T03:09:41Z' } });
  });

  test('is counted from the last rotation that put a key in place, not from one that was rolled back', () => {
    const rolledBack = aRecord('web-01', {
      sequence: 2,
      at: '2026-11-20T03:10:00Z',
      outcome: 'rolled-back',
      targets: [{ kind: 'host', name: 'web-01' }],
    });
    const records = { known: [rolledBack, aRecord('web-01')] };
    expect(row({ records })).toMatchObject({ keyAgeDays: 14, lastOutcome: 'rolled-back' });
  });

  test('is counted from the secret where no record tells it, and the row says so', () => {
    expect(row({ records: { known: [] } })).toMatchObject({ keySince: { source: 'secret' } });
  });

  test('is overdue when its date is past, or when it is older than any key may be', () => {
    const secrets = { known: [aSecret('web-01', { next: '2026-11-20T07:00:00Z' })] };
    expect(row({ secrets })).toMatchObject({ overdueDays: 3 });
    expect(row({ longestKeyAgeDays: 10 })).toMatchObject({ overdueDays: 4 });
  });
});

test('a row counts the findings of its secret too, and only open ones', () => {
  const { coverage } = compileReport(everyFinding(), someWaivers);
  const of = (wanted: string) => coverage.find(({ name }) => name === wanted);
  expect(of('last-one-failed')).toMatchObject({ openFindings: 1, worst: 'medium' });
  expect(of('unencrypted')).toMatchObject({ openFindings: 0 });
  expect(of('web-01')).toMatchObject({ openFindings: 0 });
});

test('an inspected key decides how long it is, not what the secret says of the next one', () => {
  const targets = [aTarget('web-01', { inspection: anInspection({ keyBytes: 16 }) })];
  const secrets = { known: [aSecret('web-01', { targets })] };
  expect(compileReport(anEstate({ secrets }), []).coverage[1]).toMatchObject({ name: 'autoregistration' });
  expect(found(anEstate({ secrets }))).toEqual(['short-key web-01']);
});
