import { describe, expect, test } from 'vitest';
import type { HostFault } from '../hosts/faults.ts';
import type { SmallHostOptions } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { endOf, labelled, leftOn } from './held.ts';

interface Row {
  readonly agent: NonNullable<SmallHostOptions['agent']>;
  readonly checks: NonNullable<SmallHostOptions['checks']>;
  readonly fault: HostFault;
}

const rows: readonly Row[] = [
  ...(['zabbix_agentd', 'zabbix_agent2'] as const).flatMap((agent) =>
    (['passive', 'active', 'both'] as const).map((checks): Row => ({ agent, checks, fault: 'cannotStartWithNewKey' })),
  ),
  { agent: 'zabbix_agentd', checks: 'both', fault: 'hangsAfterStart' },
  { agent: 'zabbix_agent2', checks: 'both', fault: 'hangsAfterStart' },
];

const nameOf = (index: number) => `back-${index + 1}`;
export const secretsOfRollBacks = rows.map((_, index) => nameOf(index));

export function rollBacks(lab: () => Lab): void {
  describe('a host that cannot go forward is back on the old key, proven, and the next rotation works', () => {
    test.each(rows.map((row, index) => ({ ...row, name: nameOf(index) })))(
      '$agent, $checks: $fault',
      async ({ name, fault, ...options }) => {
        const host = await lab().host({ name, ...options });
        await lab().adopt(name, [host]);
        const before = labelled(lab(), name, 'AWSCURRENT');
        await host.inflict(fault);

        const { outcome, failures, versionId } = await lab().rotate(name);

        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(
          new RegExp(`rolled back: ${name} is proven to be on the old key again`),
        );
        expect(host.keyInPlace() === host.credential.psk).toBe(true);
        expect(await host.zabbixHolds(host.credential)).toBe(true);
        expect(await host.agentRuns()).toBe(true);
        await host.awaitValues(Date.now(), 150);
        expect(labelled(lab(), name, 'AWSCURRENT')).toEqual(before);
        expect(labelled(lab(), name, 'AWSPENDING')).toBeUndefined();
        expect(await leftOn(host)).toEqual([]);
        expect(endOf(lab(), name, versionId)).toMatchObject({ outcome: 'rolled-back' });

        host.heal();
        expect(await lab().rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
        expect(host.keyInPlace() === labelled(lab(), name, 'AWSCURRENT')?.psk).toBe(true);
      },
    );
  });
}
