/** The lab that the bench measures in: default settings, and for each order and agent a host with an item in either direction. */
import type { AgentKind } from '../hosts/agent.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { type Order, orders } from './order.ts';

/** Both items of every host: seconds between two values. */
export const itemEveryS = 5;

/**
 * What the lab would start fewer of than Zabbix does by default. Everything that has to do with time is Zabbix' default by being
 * left out: CacheUpdateFrequency, Timeout, UnreachableDelay and the rest.
 */
export const serverParameters = { StartPollers: '5', StartTrappers: '5' } as const;

/** The same for people. */
export const serverSetting = `defaults of its version; ${Object.entries(serverParameters)
  .map(([name, value]) => `${name}=${value}`)
  .join(', ')} as by default, fewer of what plays no part`;

export const agentKinds = ['zabbix_agentd', 'zabbix_agent2'] as const satisfies readonly AgentKind[];

export async function startBenchLab(version: ZabbixVersion): Promise<Lab> {
  const secrets = agentKinds.map((kind) => nameOf('server-first', kind));
  // S3 asks nobody to slow down: a pause that the lab brings about would pass for our own time.
  const lab = await startLab({
    ...{ version, server: { parameters: serverParameters }, secrets },
    habits: { slowDownEvery: 0 },
  });
  try {
    const every = { passiveEveryS: itemEveryS, activeEveryS: itemEveryS };
    const start = async (order: Order, kind: AgentKind) => {
      const host = await lab.host({ name: nameOf(order, kind), agent: kind, ...every });
      if (order === 'server-first') await lab.adopt(host.computerName, [host]);
    };
    await Promise.all(agentKinds.flatMap((kind) => orders.map((order) => start(order, kind))));
    return lab;
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

export function hostOf(lab: Lab, order: Order, kind: AgentKind): SmallHost {
  const host = lab.zabbix.hosts.find(({ computerName }) => computerName === nameOf(order, kind));
  if (host === undefined) throw new Error(`no host ${nameOf(order, kind)}`);
  return host;
}

function nameOf(order: Order, kind: AgentKind): string {
  return `${order}-${kind === 'zabbix_agentd' ? 'agentd' : 'agent2'}`;
}

/** `6.0.14` */
export async function serverVersion({ zabbix }: Pick<Lab, 'zabbix'>): Promise<string> {
  const says = await zabbix.serverMachine.must(['zabbix_server', '-V']);
  const version = /\(Zabbix\) (\S+)/.exec(says)?.[1];
  if (version === undefined) throw new Error(`zabbix_server tells no version: ${says.split('\n')[0]}`);
  return version;
}

/** @throws {Error} when the stand-in was asked for something that it does not imitate, denied something, or broke */
export function expectNothingStrange({ cloud }: Pick<Lab, 'cloud'>): void {
  const strange = [...cloud.unsupported, ...cloud.breakdowns, ...cloud.denials.map(({ message }) => message)];
  if (strange.length > 0) throw new Error(`the stand-in for AWS met something strange: ${strange.join(' · ')}`);
}
