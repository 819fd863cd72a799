import { callFaults } from './calls.ts';
import { commandFaults } from './commands.ts';
import type { Fault } from './fault.ts';
import { nodeFaults } from './nodes.ts';
import { humanFaults } from './people.ts';
import { zabbixFaults } from './zabbix.ts';

/** What can befall a site, by name. */
export const everyFault: readonly Fault[] = [
  ...callFaults,
  ...commandFaults,
  ...nodeFaults,
  ...zabbixFaults,
  ...humanFaults,
];
