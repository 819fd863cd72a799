import type { Credential } from '../zabbix/monitored-host.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { type AgentKind, agents, leaveOnly } from './agent.ts';
import { configureAgent } from './agent-configuration.ts';
import { ManagedMachine } from './managed-machine.ts';

/** Starts a machine whose agent Zabbix has never heard of, with a key for autoregistration, as an image or user data would set it up. */
export async function startNewcomer(
  lab: ZabbixLab,
  name: string,
  credential: Credential,
  kind: AgentKind = 'zabbix_agentd',
): Promise<ManagedMachine> {
  const node = await ManagedMachine.start(lab, name, {});
  const { machine, ip } = node;
  await leaveOnly(machine, kind);
  await configureAgent(machine, {
    ...{ kind, hostname: name, ip, checks: 'both', server: lab.server.ip, serverActive: `${lab.server.ip}:10051` },
    ...{ credential, tlsPlace: 'main', refreshActiveChecksS: 60 },
    keyFile: { path: '/etc/zabbix/agent.psk', owner: 'zabbix:zabbix', mode: '0400' },
  });
  const { service, pidFile } = agents[kind];
  await machine.must(['install', '-D', '-o', 'zabbix', '-g', 'zabbix', '-m', '0644', '/dev/null', pidFile]);
  await machine.must(['service', service, 'start']);
  return node;
}
