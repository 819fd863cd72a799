import { describe, expect, test } from 'vitest';
import { type LabOptions, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { rotateBlind } from './gates.ts';

const options = {
  server: { cacheUpdateFrequencyS: 6 },
  timeouts: { serverWaitS: 60, agentStartS: 10, proveTimeoutS: 120 },
  secrets: ['blind'],
} as const satisfies LabOptions;

type Stack = Pick<LabOptions, 'signIn' | 'serverPortIsOpen'> & { readonly gate: string };

/** What makes the function see by this gate: the probe script comes first where it may be asked, before 7.0 and as a user. */
const stacks = {
  '6.0': [
    { signIn: 'user', gate: 'script-execute' },
    { serverPortIsOpen: true, gate: 'port-probe' },
  ],
  '7.0': [
    { signIn: 'user', gate: 'agent-log' },
    { signIn: 'user', serverPortIsOpen: true, gate: 'port-probe' },
  ],
} as const satisfies Record<ZabbixVersion, readonly Stack[]>;

/** What the function itself can see is a matter of the stack's configuration, so each has a lab of its own. */
export function gatesOfStacks(version: ZabbixVersion): void {
  describe.concurrent(`a host that cannot ask the server itself, Zabbix ${version}`, () => {
    test.each<Stack>(stacks[version])('is switched at the gate $gate', async ({ gate, ...more }) => {
      const lab = await startLab({ version, ...options, ...more });
      try {
        expect(await rotateBlind(lab, 'blind')).toMatchObject({ outcome: 'rotated' });
        expect(lab.facts('blind')).toContainEqual(expect.objectContaining({ event: 'target.switched', gate }));
      } finally {
        await lab.stop();
      }
    });

    test('nobody is rotated with a token that Zabbix does not take, and the one that replaces it works at once', async () => {
      const lab = await startLab({ version, ...options });
      try {
        const host = await lab.host({ name: 'blind' });
        await lab.adopt('blind', [host]);
        await lab.signInWith({ token: '0'.repeat(64) });
        const { outcome, failures } = await lab.rotate('blind');
        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(/Zabbix does not accept the API token/);
        expect(host.keyInPlace() === host.credential.psk).toBe(true);

        await lab.signInWith({ token: lab.zabbix.access.token });
        expect(await lab.rotate('blind')).toMatchObject({ outcome: 'succeeded' });
      } finally {
        await lab.stop();
      }
    });
  });
}
