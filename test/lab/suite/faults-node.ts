import { describe, expect, test } from 'vitest';
import type { Lab } from '../lab.ts';
import { aim, moments } from './faults-aimed.ts';
import { repaired } from './faults-end.ts';
import { adoptedHost, type FaultRow, faultRows } from './faults-rows.ts';
import { labelled } from './held.ts';

const foreign = { identity: 'somebody-elses', psk: 'ab'.repeat(32) };

const rows: readonly FaultRow[] = [
  {
    name: 'reboots-prepared',
    title: 'a node reboots between prepare and switch: the rotation waits for it and ends on the new key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.switchIsSent(() => host.reboot()),
      ),
    endsOn: 'new',
  },
  {
    name: 'reboots-armed',
    title: 'a node reboots while it waits for the server: the try fails, and both sides end on one key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.zabbixIsTold(() => host.reboot()),
      ),
    endsOn: 'either',
    says: /switch on i-\w+ \(reboots-armed\) ended as Failed.*takes it up by itself/,
  },
  {
    name: 'reboots-switched',
    title: 'a node reboots between switch and forget: the rotation goes on and ends on the new key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.agentHasSwitched(() => host.reboot()),
      ),
    endsOn: 'new',
  },
  {
    name: 'clock-ahead',
    title: 'a node’s clock is an hour ahead: the rotation learns its time and ends on the new key',
    trouble: (_, host) => host.inflict('clockAhead'),
    endsOn: 'new',
  },
  {
    name: 'clock-behind',
    title: 'a node’s clock is an hour behind: the rotation learns its time and ends on the new key',
    trouble: (_, host) => host.inflict('clockBehind'),
    endsOn: 'new',
  },
  {
    name: 'fills-up',
    title: 'the disk is full when the switch stages its key: the rotation is refused and both sides keep the old key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.switchIsSent(() => host.inflict('diskFull')),
      ),
    endsOn: 'old',
    says: /fills-up \(i-\w+\): .*a full disk/,
  },
  {
    name: 'turns-read-only',
    title: 'the configuration turns read-only after prepare: the rotation is refused and both sides keep the old key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.switchIsSent(() => host.inflict('readOnlyConfiguration')),
      ),
    endsOn: 'old',
    says: /turns-read-only \(i-\w+\): /,
  },
  {
    name: 'hand-on-disk',
    title:
      'somebody changes the key on disk after the switch and restarts the agent: both sides are taken back to the old key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.agentHasSwitched(async () => {
          await host.giveAgent(foreign);
          await host.restartAgent();
        }),
      ),
    endsOn: 'old',
    says: /rolled back: hand-on-disk is proven to be on the old key again/,
  },
];

export const secretsOfNode = [...rows.map(({ name }) => name), 'hand-before'];

export function faultsOfNode(lab: () => Lab): void {
  faultRows('the node', lab, rows);

  describe('the node, with a human', () => {
    test('somebody changes the key on disk between prepare and switch: the rotation is refused, his key stays, and Zabbix is never told', async () => {
      const host = await adoptedHost(lab(), 'hand-before');
      const old = labelled(lab(), 'hand-before', 'AWSCURRENT');
      if (old === undefined) throw new Error('hand-before has no AWSCURRENT');
      aim(
        lab(),
        host,
        moments.switchIsSent(() => host.giveAgent(foreign)),
      );

      const end = await lab().rotate('hand-before');

      expect(end.outcome).toBe('failed');
      expect(host.keyInPlace() === foreign.psk).toBe(true);
      expect(await host.zabbixHolds(old)).toBe(true);
      expect(
        lab()
          .facts('hand-before')
          .map(({ event }) => event),
      ).not.toContain('zabbix.giving');
      // He takes it back.
      await host.giveAgent(old);
      await repaired(lab(), host, end, 'old');
    });
  });
}
