import type {
  Gathered,
  GatheredSecret,
  GatheredTarget,
  Recorded,
  ZabbixObject,
} from '../../../lambda/reports/gathered.ts';

/** The day of every report in these tests. */
export const asOf = '2026-11-23T07:00:00Z';

export function aHost(name: string, also: Partial<ZabbixObject> = {}): ZabbixObject {
  return { kind: 'host', id: '10001', name, enabled: true, connect: 'psk', accept: ['psk'], usesAgent: true, ...also };
}

/** Zabbix and the node hold what the secret holds. */
export function aTarget(name: string, also: Partial<GatheredTarget> = {}): GatheredTarget {
  return {
    kind: 'host',
    name,
    node: 'i-0123456789abcdef0',
    zabbixHolds: { known: 'current' },
    inspection: anInspection(),
    ...also,
  };
}

type Inspected = Extract<GatheredTarget['inspection'], { state: 'inspected' }>;

export function anInspection(also: Partial<Inspected> = {}): Inspected {
  return {
    state: 'inspected',
    key: 'current',
    identityInZabbix: true,
    agent: 'zabbix_agent2',
    agentVersion: '7.0.22',
    running: true,
    keyFile: '/etc/zabbix/agent.psk',
    keyMode: '0400',
    keyOwner: 'zabbix:zabbix',
    keyBytes: 32,
    ...also,
  };
}

/** A secret with one host of its name, rotated two weeks ago and due in two. */
export function aSecret(name: string, also: Partial<GatheredSecret> = {}): GatheredSecret {
  return {
    arn: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/${name}-AbCdEf`,
    name: `zabbix-psk/${name}`,
    value: { state: 'held', keyBytes: 32 },
    rotationEnabled: true,
    schedule: 'cron(0 3 1 * ? *)',
    created: '2026-01-10T09:00:00Z',
    changed: '2026-11-09T03:10:00Z',
    rotated: '2026-11-09T03:10:00Z',
    next: '2026-12-07T03:00:00Z',
    unfinished: false,
    targets: [aTarget(name)],
    otherUsers: { known: [] },
    ...also,
  };
}

export function aRecord(name: string, also: Partial<Recorded> = {}): Recorded {
  return {
    secret: `zabbix-psk/${name}`,
    sequence: 1,
    at: '2026-11-09T03:10:00Z',
    outcome: 'rotated',
    trigger: 'secrets-manager',
    targets: [{ kind: 'host', name, activated: '2026-11-09T03:09:41Z' }],
    ...also,
  };
}

/** What was gathered where one host with its secret is all there is, and all of it is in order. */
export function anEstate(also: Partial<Gathered> = {}, zabbix: Partial<Gathered['zabbix']> = {}): Gathered {
  return {
    asOf,
    period: { from: '2026-10-23T00:00:00Z', to: '2026-11-23T00:00:00Z' },
    zabbix: {
      version: '7.0.22',
      hosts: { known: [aHost('web-01')] },
      proxies: { known: [] },
      autoregistration: {
        known: {
          ...aHost('autoregistration'),
          kind: 'autoregistration',
          connect: null,
          accept: ['psk'],
          usesAgent: false,
        },
      },
      readers: { known: [] },
      ...zabbix,
    },
    secrets: { known: [aSecret('web-01')] },
    records: { known: [aRecord('web-01')] },
    chains: [{ secret: 'zabbix-psk/web-01', records: 1, head: 'ab'.repeat(32), problems: [] }],
    longestKeyAgeDays: 730,
    ...also,
  };
}
