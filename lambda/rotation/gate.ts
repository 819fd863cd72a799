import type { Gate, MonitoredHost, NodeGate, Rotation } from './model.ts';
import type { Monitor } from './ports.ts';

/**
 * How to know that the server has begun to accept the new key. What the node can see by itself comes first: it acts within
 * a fraction of a second, where a command sent from here takes seconds.
 */
export async function chooseGate(
  host: MonitoredHost,
  ofNode: readonly NodeGate[],
  rotation: Rotation,
  monitor: Pick<Monitor, 'gates'>,
): Promise<Gate> {
  const usable = (gate: Gate) => bindsKeyToHost(gate) || !sharesNewIdentity(rotation);
  const probing = ofNode.find((gate) => isArmed(gate) && usable(gate));
  if (probing !== undefined) return probing;
  const asked = (await monitor.gates(host)).find(usable);
  return asked ?? ofNode.find((gate) => gate === 'agent-log') ?? 'now';
}

/** `zabbix_sender` and a bare handshake only tell that the server knows the identity, not that it is this host's. */
export function bindsKeyToHost(gate: Gate): boolean {
  return gate !== 'zabbix-sender' && gate !== 'port-probe';
}

/** The first of several nodes makes the server know the identity while the others are still on the old one. */
function sharesNewIdentity({ pending }: Rotation): boolean {
  return new Set(pending.targets.map(({ node }) => node)).size > 1 && pending.identityMode === 'new';
}

/** Gates at which the function waits and the node is told. */
export function isAskedFromHere(gate: Gate): gate is Extract<Gate, 'script-execute' | 'port-probe'> {
  return gate === 'script-execute' || gate === 'port-probe';
}

/**
 * Gates at which the node may be armed before Zabbix is told: it asks the server with the key itself, so that nothing happens
 * until the server accepts, or it is a proxy whose log says that the server has refused it. A proxy that changes too early loses
 * nothing, since it keeps what it has collected. An agent's own log (`agent-log`) can also be filled by a stranger's attempt.
 */
export function isArmed(gate: Gate): gate is Extract<Gate, 'shadow-agent' | 'zabbix-sender' | 'proxy-log'> {
  return gate === 'shadow-agent' || gate === 'zabbix-sender' || gate === 'proxy-log';
}
