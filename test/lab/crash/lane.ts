/**
 * One rotation after the other, beside other lanes on the same Zabbix: each lane has a stand-in for AWS and an HTTPS front of
 * Zabbix' API of its own, so that what is seen there belongs to its one rotation.
 */
import { frontendPort } from '../addresses.ts';
import { isObject, parseJson } from '../aws/json.ts';
import { type Deployment, deploy } from '../deployment.ts';
import type { AgentKind } from '../hosts/agent.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import type { Synthesized } from '../synthesize.ts';
import { ApiTraffic } from '../zabbix/api-traffic.ts';
import type { Checks } from '../zabbix/monitored-host.ts';
import { startTlsFront } from '../zabbix/tls-front.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { crashingNode } from './crashing-node.ts';
import { watchEffects } from './effects.ts';
import { awaitFirstKey } from './first-key.ts';
import type { Targets } from './point.ts';

/** A rotation is mostly pauses of its function: between two looks at a command, and before a look for a value. */
export const pausesPassTimes = 4;

export interface HostKind {
  readonly agent: AgentKind;
  readonly checks: Checks;
  readonly targets: Targets;
}

/** `zabbix_agent2, both`, or `unencrypted, zabbix_agent2, both` */
export function kindName({ agent, checks, targets }: HostKind): string {
  return `${targets === 'host' ? '' : `${targets}, `}${agent}, ${checks}`;
}

/** A host and the secret that its key is in. */
export interface Slot {
  readonly kind: HostKind;
  host: SmallHost;
  /** the proxy on the host's machine, whose key is the host's */
  proxy: SmallProxy | undefined;
  /** the agent's configuration file before any rotation */
  untouched: string;
  /** as in the inventory */
  secret: string;
}

export interface Lane {
  readonly name: string;
  readonly zabbix: ZabbixLab;
  /** Whether Secrets Manager tries again; otherwise the repair function has to do it. */
  readonly retries: boolean;
  readonly deployment: Deployment;
  /** The rotation's calls of Zabbix' API, and the repair's. */
  readonly traffic: ApiTraffic;
  readonly slots: readonly Slot[];
  readonly spareSecrets: string[];
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly name: string;
  readonly retries: boolean;
  readonly kinds: readonly HostKind[];
  /** in the synthesized inventory; those that no slot takes are for hosts that replace spoilt ones */
  readonly secrets: readonly string[];
}

/** Starts the lane's own stand-in, front and hosts. */
export async function startLane(
  zabbix: ZabbixLab,
  synthesized: Synthesized,
  { name, retries, kinds, secrets }: LaneOptions,
): Promise<Lane> {
  const traffic = new ApiTraffic();
  const { ip } = zabbix.server;
  const [certificatePem, keyPem] = ['web.pem', 'web.key'].map((file) => zabbix.serverMachine.read(`/root/tls/${file}`));
  if (certificatePem === undefined || keyPem === undefined) throw new Error('the frontend has no certificate');
  const front = await startTlsFront({ ip, port: frontendPort }, { certificatePem, keyPem }, traffic);
  const url = `https://${ip}:${front.port}/api_jsonrpc.php`;
  const deployment = await deploy(zabbix, synthesized, {
    edit: (template) => {
      const edited = parseJson(JSON.stringify(template).replaceAll(zabbix.url, url));
      return isObject(edited) ? edited : template;
    },
    // Nothing is adopted yet that a deployment could test.
    // All lanes' functions start at once, on a few cores.
    habits: {
      testRotationAtDeploy: false,
      pausesPassTimes,
      initTimeoutMs: 60_000,
      ...(retries ? {} : { rotationRetries: 0 }),
    },
  });
  const spareSecrets = [...secrets];
  const slots: Slot[] = [];
  const lane: Lane = {
    ...{ name, zabbix, retries, deployment, traffic, slots, spareSecrets },
    async close() {
      await deployment.close();
      front.close();
    },
  };
  for (const kind of kinds) slots.push({ kind, ...(await freshHost(lane, kind)) });
  return lane;
}

let made = 0;

/** A value every two seconds, so that fresh contact is soon seen; and an agent 2 of 6.0 that was refused asks again after 60 s instead of 120. */
export const quick = { passiveEveryS: 2, activeEveryS: 2, refreshActiveChecksS: 60 } as const;

/** A host that no rotation has touched yet, adopted under a secret of its own. */
export async function freshHost(
  { name, zabbix, deployment, spareSecrets }: Lane,
  { agent, checks, targets }: HostKind,
): Promise<Omit<Slot, 'kind'>> {
  const secret = spareSecrets.shift();
  if (secret === undefined) throw new Error(`lane ${name} has no secret left for another host`);
  made += 1;
  const about = { name: `crash-${made}`, agent, checks, ...quick };
  const proxy = targets === 'proxy and agent' ? await zabbix.proxy({ name: `edge-${made}`, agent }) : undefined;
  const host = await zabbix.host({
    ...about,
    ...(proxy === undefined ? {} : { on: proxy, ...proxy.credential, keyFile: { path: proxy.keyFile } }),
    // Where a first key is put.
    ...(targets === 'unencrypted' ? { psk: null, keyFile: { path: `/etc/zabbix/${agent}.psk` } } : {}),
  });
  await watchEffects(host.machine);
  deployment.cloud.addNode(crashingNode(host, proxy));
  if (targets === 'unencrypted') await awaitFirstKey(deployment, host, secret);
  else await deployment.adopt(secret, proxy === undefined ? [host] : [proxy, host]);
  return { host, proxy, secret, untouched: host.machine.read(host.paths.config) };
}
