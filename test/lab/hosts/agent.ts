import type { Machine } from '../machine.ts';

/** The two agents as Debian ships them: where everything of them is. */
export const agents = {
  zabbix_agentd: {
    service: 'zabbix-agent',
    binary: '/usr/sbin/zabbix_agentd',
    config: '/etc/zabbix/zabbix_agentd.conf',
    dropIn: '/etc/zabbix/zabbix_agentd.conf.d/psk.conf',
    log: '/var/log/zabbix-agent/zabbix_agentd.log',
    pidFile: '/run/zabbix/zabbix_agentd.pid',
    /** belongs to the package; an agent 2 has neither sender nor get */
    tools: ['/usr/bin/zabbix_sender', '/usr/bin/zabbix_get'],
  },
  zabbix_agent2: {
    service: 'zabbix-agent2',
    binary: '/usr/sbin/zabbix_agent2',
    config: '/etc/zabbix/zabbix_agent2.conf',
    dropIn: '/etc/zabbix/zabbix_agent2.d/psk.conf',
    log: '/var/log/zabbix/zabbix_agent2.log',
    pidFile: '/run/zabbix/zabbix_agent2.pid',
    tools: [],
  },
} as const;

export type AgentKind = keyof typeof agents;

/**
 * All packages are in the shared root; a machine keeps what its one agent package would have brought, if it has one.
 * @param kind none: neither agent
 */
export async function leaveOnly(machine: Machine, kind?: AgentKind): Promise<void> {
  const others = agentKinds.filter((name) => name !== kind).map((name) => agents[name]);
  const gone = others.flatMap(({ binary, config, service, tools }) => [
    binary,
    config,
    `/etc/init.d/${service}`,
    ...tools,
  ]);
  await machine.must(['rm', '-f', ...gone, '/usr/sbin/zabbix_server']);
  await machine.must(['rm', '-f', '/etc/init.d/zabbix-server', '/etc/zabbix/zabbix_server.conf']);
}

const agentKinds = ['zabbix_agentd', 'zabbix_agent2'] as const;
