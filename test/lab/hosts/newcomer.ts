import type { Access } from '../aws/access.ts';
import type { Credential } from '../zabbix/monitored-host.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { type AgentKind, agents, leaveOnly } from './agent.ts';
import { configureAgent } from './agent-configuration.ts';
import { machineWithAws, mustWithAws } from './machine-with-aws.ts';
import { ManagedMachine } from './managed-machine.ts';

/** Starts a machine whose agent Zabbix has never heard of, from an image that holds a key for autoregistration. */
export async function startNewcomer(lab: ZabbixLab, name: string, credential: Credential): Promise<ManagedMachine> {
  const node = await ManagedMachine.start(lab, name, {});
  await setUp(lab, node, 'zabbix_agentd', credential);
  await node.machine.must(['service', agents.zabbix_agentd.service, 'start']);
  return node;
}

/** Starts a machine from an image whose agent 2 knows the server and has no key, and does not run yet: user data brings that. */
export async function startNewcomerWithoutKey(lab: ZabbixLab, name: string): Promise<ManagedMachine> {
  const node = new ManagedMachine(lab.version, await machineWithAws(lab, name), lab.addresses.next());
  await setUp(lab, node, 'zabbix_agent2', null);
  node.machine.write('/usr/local/sbin/systemctl', systemctl, 0o755);
  return node;
}

/**
 * There is no systemd in the lab: Debian's own init script starts the agent as its unit would, as the user zabbix. The pid file is made
 * for it as in `SmallHost`.
 */
const systemctl = `#!/bin/sh
[ "$1" = restart ] || exit 64
service "$2" stop
install -o zabbix -g zabbix -m 0644 /dev/null ${agents.zabbix_agent2.pidFile}
service "$2" start
`;

/** Runs user data as cloud-init does: as root, a file of its own, by its own first line. @throws {Error} unless it ends with exit code 0 */
export async function runUserData({ machine }: ManagedMachine, userData: string, role: Access): Promise<void> {
  const file = '/var/lib/cloud/instance/scripts/part-001';
  await machine.must(['install', '-D', '-m', '0700', '/dev/null', file]);
  machine.write(file, userData);
  await mustWithAws(machine, role, [file]);
}

async function setUp(
  lab: ZabbixLab,
  { machine, ip }: ManagedMachine,
  kind: AgentKind,
  credential: Credential | null,
): Promise<void> {
  await leaveOnly(machine, kind);
  await configureAgent(machine, {
    ...{ kind, hostname: machine.name, ip, checks: 'both', credential, tlsPlace: 'main', refreshActiveChecksS: 60 },
    ...{ server: lab.server.ip, serverActive: `${lab.server.ip}:10051` },
    keyFile: { path: '/etc/zabbix/agent.psk', owner: 'zabbix:zabbix', mode: '0400' },
  });
  await machine.must([
    'install',
    '-D',
    '-o',
    'zabbix',
    '-g',
    'zabbix',
    '-m',
    '0644',
    '/dev/null',
    agents[kind].pidFile,
  ]);
}
