/**
 * WARNING: everything in here is thrown away with the process that started it; keys lie in memory and in files that root reads.
 *
 * Goal: what would be deployed, running: real Zabbix and real agents, and the synthesized stack on the stand-in for AWS with
 * the permissions that its roles have. Limits: test/lab/README.md.
 */
import { type Deployment, type DeploymentOptions, deploy, type InventoryOptions, synthesizeFor } from './deployment.ts';
import type { SmallHost, SmallHostOptions } from './hosts/small-host.ts';
import type { SmallProxy, SmallProxyOptions } from './hosts/small-proxy.ts';
import { type StandbyNode, startZabbix, type ZabbixLab, type ZabbixLabOptions } from './zabbix/zabbix-lab.ts';

export type { AdoptOptions } from './deployment.ts';
export type { LoggedFact } from './logged-facts.ts';

export interface LabOptions extends ZabbixLabOptions, InventoryOptions, DeploymentOptions {}

export interface Lab extends Omit<Deployment, 'close'> {
  readonly zabbix: ZabbixLab;
  /** Starts a host that Systems Manager manages and Zabbix watches. */
  host(options: SmallHostOptions): Promise<SmallHost>;
  /** Starts a proxy whose machine Systems Manager manages. */
  proxy(options: SmallProxyOptions): Promise<SmallProxy>;
  /** Starts another node of Zabbix' cluster, whose machine Systems Manager manages. */
  standby(name: string): Promise<StandbyNode>;
  stop(): Promise<void>;
}

/** The stack once more, beside the lab's own and on the same Zabbix, for what would touch every rotation of one deployment. */
export async function deployBeside(
  lab: Lab,
  secrets: readonly string[],
  timeouts: NonNullable<InventoryOptions['timeouts']>,
  options: DeploymentOptions = {},
): Promise<Lab> {
  const synthesized = await synthesizeFor(lab.zabbix, { secrets, timeouts });
  const { close, ...deployment } = await deploy(lab.zabbix, synthesized, options);
  return {
    ...deployment,
    zabbix: lab.zabbix,
    host: lab.host,
    proxy: lab.proxy,
    standby: lab.standby,
    async stop() {
      await close();
      await synthesized.remove();
    },
  };
}

/** Starts all of it: about 10 s once Zabbix' root is on this computer. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const zabbix = await startZabbix(options);
  const synthesized = await synthesizeFor(zabbix, options);
  const { clock, edit, habits, signIn } = options;
  const { close, ...deployment } = await deploy(zabbix, synthesized, {
    ...(clock === undefined ? {} : { clock }),
    ...(edit === undefined ? {} : { edit }),
    ...(habits === undefined ? {} : { habits }),
    ...(signIn === undefined ? {} : { signIn }),
  });
  return {
    ...deployment,
    zabbix,
    async host(about) {
      const host = await zabbix.host(about);
      deployment.cloud.addNode(host.node);
      return host;
    },
    async proxy(about) {
      const proxy = await zabbix.proxy(about);
      deployment.cloud.addNode(proxy.node);
      return proxy;
    },
    async standby(name) {
      const standby = await zabbix.standby(name);
      deployment.cloud.addNode(standby.node);
      return standby;
    },
    async stop() {
      await close();
      await zabbix.stop();
      await synthesized.remove();
    },
  };
}
