import type { Gathered, Recorded, ZabbixObject } from '../../lambda/reports/gathered.ts';
import { aHost, aRecord, aSecret, asOf } from '../lambda/reports/an-estate.ts';
import { everyFinding } from '../lambda/reports/every-finding.ts';
import { hostileNames } from '../lambda/reports/hostile.ts';

const dayMs = 86_400_000;

/**
 * Each kind of finding, every hostile name, and so many ordinary hosts with a secret and a year of records each: the same every
 * time, with ages from today to half a year and a failure now and then.
 */
export function aLargeEstate(hosts: number, recordsEach = 3): Gathered {
  const estate = everyFinding();
  const names = Array.from({ length: hosts }, (_, index) => `srv-${String(index).padStart(4, '0')}`);
  const dayOf = (index: number) => (index * 37) % 180;
  return {
    ...estate,
    period: { from: '2025-11-23T00:00:00Z', to: '2026-11-23T00:00:00Z' },
    zabbix: {
      ...estate.zabbix,
      hosts: withMore(estate.zabbix.hosts, [...hostile(), ...names.map((name) => aHost(name))]),
    },
    secrets: withMore(
      estate.secrets,
      names.map((name, index) => aSecret(name, { rotated: daysAgo(dayOf(index)) })),
    ),
    records: withMore(
      estate.records,
      names.flatMap((name, index) => recordsOf(name, dayOf(index), index, recordsEach)),
    ),
  };
}

function hostile(): readonly ZabbixObject[] {
  return hostileNames.flatMap((name, index) => [
    aHost(name, { connect: 'none', accept: ['none'] }),
    aHost(`named-${index}`, { visibleName: name }),
  ]);
}

/** The last one put the key in place that is there today; of the others one in forty did not. */
function recordsOf(name: string, lastDay: number, index: number, count: number): readonly Recorded[] {
  return Array.from({ length: count }, (_, place) => {
    const at = daysAgo(lastDay + (count - 1 - place) * 29);
    const failed = place < count - 1 && (index * 12 + place) % 40 === 0;
    return aRecord(name, {
      sequence: place + 1,
      at,
      ...(failed
        ? { outcome: 'rolled-back', because: `${name} was silent`, targets: [{ kind: 'host', name }] }
        : { targets: [{ kind: 'host', name, activated: at }] }),
    });
  });
}

function daysAgo(days: number): string {
  return new Date(Date.parse(asOf) - days * dayMs).toISOString();
}

function withMore<T>(list: { known: T[] } | { unknown: string }, more: readonly T[]) {
  return 'known' in list ? { known: [...list.known, ...more] } : list;
}
