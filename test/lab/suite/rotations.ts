import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SmallHostOptions } from '../hosts/small-host.ts';
import type { AdoptOptions, Lab } from '../lab.ts';
import { endOf, labelled, leftOn, ownerAndMode } from './held.ts';

interface Row {
  readonly agent: NonNullable<SmallHostOptions['agent']>;
  readonly checks: NonNullable<SmallHostOptions['checks']>;
  readonly tlsPlace: NonNullable<SmallHostOptions['tlsPlace']>;
  /** of the key in use and of the next one */
  readonly hexDigits: 32 | 64 | 512;
  readonly identityMode: NonNullable<AdoptOptions['identityMode']>;
}

/** Every agent with every direction; every length, mode and place at least twice on each agent. */
const rows: readonly Row[] = [
  { agent: 'zabbix_agentd', checks: 'passive', tlsPlace: 'main', hexDigits: 32, identityMode: 'new' },
  { agent: 'zabbix_agentd', checks: 'active', tlsPlace: 'drop-in', hexDigits: 64, identityMode: 'fixed' },
  { agent: 'zabbix_agentd', checks: 'both', tlsPlace: 'both', hexDigits: 512, identityMode: 'new' },
  { agent: 'zabbix_agentd', checks: 'passive', tlsPlace: 'both', hexDigits: 512, identityMode: 'fixed' },
  { agent: 'zabbix_agentd', checks: 'active', tlsPlace: 'main', hexDigits: 32, identityMode: 'new' },
  { agent: 'zabbix_agentd', checks: 'both', tlsPlace: 'drop-in', hexDigits: 64, identityMode: 'fixed' },
  { agent: 'zabbix_agent2', checks: 'passive', tlsPlace: 'drop-in', hexDigits: 64, identityMode: 'new' },
  { agent: 'zabbix_agent2', checks: 'active', tlsPlace: 'both', hexDigits: 512, identityMode: 'fixed' },
  { agent: 'zabbix_agent2', checks: 'both', tlsPlace: 'main', hexDigits: 32, identityMode: 'new' },
  { agent: 'zabbix_agent2', checks: 'passive', tlsPlace: 'main', hexDigits: 32, identityMode: 'fixed' },
  { agent: 'zabbix_agent2', checks: 'active', tlsPlace: 'drop-in', hexDigits: 64, identityMode: 'new' },
  { agent: 'zabbix_agent2', checks: 'both', tlsPlace: 'both', hexDigits: 512, identityMode: 'fixed' },
];

const nameOf = (index: number) => `turn-${index + 1}`;
export const secretsOfRotations = rows.map((_, index) => nameOf(index));

export function rotations(lab: () => Lab): void {
  describe('a host ends on the new key, proven', () => {
    test.each(rows.map((row, index) => ({ ...row, name: nameOf(index) })))(
      '$agent, $checks, $hexDigits hex digits, $identityMode identity, parameters in $tlsPlace',
      async ({ name, hexDigits, identityMode, ...options }) => {
        const host = await lab().host({ name, psk: randomBytes(hexDigits / 2).toString('hex'), ...options });
        await lab().adopt(name, [host], { identityMode, keyBytes: hexDigits / 2 });

        const { outcome, failures, versionId } = await lab().rotate(name);

        expect(failures).toEqual([]);
        expect(outcome).toBe('succeeded');
        const current = labelled(lab(), name, 'AWSCURRENT');
        expect(current?.versionId).toBe(versionId);
        expect(current?.psk).toHaveLength(hexDigits);
        expect(current?.psk === host.credential.psk).toBe(false);
        expect(current?.identity).toMatch(identityMode === 'fixed' ? /^turn-\d+$/ : /^turn-\d+\.[b-z2-9]{6}$/);
        expect(host.keyInPlace() === current?.psk).toBe(true);
        expect(await host.zabbixHolds(current ?? host.credential)).toBe(true);
        expect(await ownerAndMode(host, host.keyFile)).toBe('zabbix:zabbix 400');
        expect(await leftOn(host)).toEqual([]);
        await host.awaitValues(Date.now());
        expect(endOf(lab(), name, versionId)).toMatchObject({
          outcome: 'rotated',
          targets: [{ target: name, gate: 'shadow-agent', proofs: { oldKey: 'refused', storedInZabbix: true } }],
        });
      },
    );
  });
}
