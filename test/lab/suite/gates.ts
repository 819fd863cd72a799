import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { endOf } from './held.ts';

export const secretsOfGates = ['gate-log', 'gate-now'];

/** A passive host that cannot ask the server: Server= is a network, ServerActive is not set. */
export const blind = { agent: 'zabbix_agentd', checks: 'passive', server: '127.0.0.0/8', serverActive: null } as const;

export async function rotateBlind(lab: Lab, name: string, withoutLog = false): Promise<unknown> {
  const host = await lab.host({ name, ...blind });
  if (withoutLog) {
    host.machine.write('/etc/zabbix/zabbix_agentd.conf.d/log.conf', 'LogType=system\n');
    await host.restartAgent();
    await host.awaitValues(Date.now());
  }
  await lab.adopt(name, [host]);
  const { failures, versionId } = await lab.rotate(name);
  expect(failures).toEqual([]);
  await host.awaitValues(Date.now());
  return endOf(lab, name, versionId);
}

export function gates(lab: () => Lab): void {
  describe('a host that cannot ask the server itself', () => {
    test('is switched at the gate agent-log', async () => {
      const end = await rotateBlind(lab(), 'gate-log');
      expect(end).toMatchObject({ outcome: 'rotated', targets: [{ proofs: { storedInZabbix: true } }] });
      expect(lab().facts('gate-log')).toContainEqual(
        expect.objectContaining({ event: 'target.switched', gate: 'agent-log' }),
      );
    });

    test('and whose agent writes no log of its own, at the gate now', async () => {
      expect(await rotateBlind(lab(), 'gate-now', true)).toMatchObject({ outcome: 'rotated' });
      expect(lab().facts('gate-now')).toContainEqual(
        expect.objectContaining({ event: 'target.switched', gate: 'now' }),
      );
    });
  });
}
