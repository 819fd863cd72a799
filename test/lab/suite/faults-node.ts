import type { Lab } from '../lab.ts';
import { aim, moments } from './faults-aimed.ts';
import { type FaultRow, faultRows } from './faults-rows.ts';

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

export const secretsOfNode = rows.map(({ name }) => name);

export function faultsOfNode(lab: () => Lab): void {
  faultRows('the node', lab, rows);
}
