import type { Lab } from '../lab.ts';
import { type FaultRow, faultRows } from './faults-rows.ts';

const rows: readonly FaultRow[] = [
  {
    name: 'starts-slowly',
    title: 'an agent needs 20 s to start: the rotation waits for it and ends on the new key',
    trouble: (_, host) => host.inflict('startsSlowly'),
    endsOn: 'new',
  },
  {
    name: 'dies-at-start',
    host: { agent: 'zabbix_agent2' },
    title: 'an agent starts and dies at once: both sides are back on the old key',
    trouble: (_, host) => host.inflict('diesAtStart'),
    endsOn: 'old',
    says: /rolled back: dies-at-start is proven to be on the old key again/,
  },
  {
    name: 'dies-later',
    title: 'an agent starts, serves for 3 s and dies: both sides are back on the old key',
    trouble: (_, host) => host.inflict('diesAfterStart'),
    endsOn: 'old',
    says: /rolled back: dies-later is proven to be on the old key again/,
  },
  {
    name: 'unusable-key',
    host: { agent: 'zabbix_agent2' },
    title:
      'agent 2 starts with a key file that it cannot use: its log gives it away, and both sides are back on the old key',
    trouble: (_, host) => host.inflict('cannotReadNewKey'),
    endsOn: 'old',
    says: /its log says: .*rolled back: unusable-key is proven to be on the old key again/,
  },
];

export const secretsOfAgent = rows.map(({ name }) => name);

export function faultsOfAgent(lab: () => Lab): void {
  faultRows('the agent', lab, rows);
}
