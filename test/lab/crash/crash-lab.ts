/** One Zabbix with its lanes, for as long as it is needed. */
import { defaultHabits } from '../aws/habits.ts';
import { synthesizeFor } from '../deployment.ts';
import type { ZabbixVersion } from '../release.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { type HostKind, type Lane, pausesPassTimes, quick, startLane } from './lane.ts';
import type { Targets } from './point.ts';

/**
 * serverWaitS: twenty renewals of the server's cache. agentStartS: an agent is up within a second, and within some when twelve
 * lanes share two cores. proveTimeoutS: an active agent that was refused asks again after 60 s. Seconds.
 */
export const timeouts = { serverWaitS: 60, agentStartS: 15, proveTimeoutS: 120 } as const;
export const cacheUpdateFrequencyS = 3;

export interface CrashLab {
  readonly zabbix: ZabbixLab;
  readonly lanes: readonly Lane[];
  stop(): Promise<void>;
}

/** Hosts that may be spoilt before a lane gives up. */
const spares = 6;

/** @param lanes the kinds of the hosts of each */
export async function startCrashLab(
  version: ZabbixVersion,
  lanes: readonly (readonly HostKind[])[],
): Promise<CrashLab> {
  const has = (targets: Targets) => lanes.flat().some((kind) => kind.targets === targets);
  const rotates = has('proxy and agent') ? 'proxies' : 'hosts';
  const zabbix = await startZabbix({ version, server: { cacheUpdateFrequencyS }, rotates });
  const most = Math.max(...lanes.map(({ length }) => length)) + spares;
  const secrets = Array.from({ length: most }, (_, index) => `crash-${index + 1}`);
  const doors = has('unencrypted') ? secrets.map((name) => [name, 'only-psk'] as const) : [];
  const firstEncryption = Object.fromEntries(doors);
  const synthesized = await synthesizeFor(zabbix, { secrets, timeouts, firstEncryption });
  const started: Lane[] = [];
  const stop = async () => {
    await Promise.all(started.map((lane) => lane.close()));
    await zabbix.stop();
    await synthesized.remove();
  };
  try {
    const starting = lanes.map(async (kinds, index) => {
      const options = {
        name: String(index + 1),
        retries: retriesIn(index, new Set(lanes.flat()).size),
        kinds,
        secrets,
      };
      started.push(await startLane(zabbix, synthesized, options));
    });
    await Promise.all(starting);
  } catch (error) {
    await stop();
    throw error;
  }
  return { zabbix, lanes: started, stop };
}

const agents = ['zabbix_agentd', 'zabbix_agent2'] as const;
const directions = {
  host: ['both', 'passive', 'active'],
  'proxy and agent': ['both'],
  unencrypted: ['both', 'active'],
} as const satisfies Record<Targets, readonly HostKind['checks'][]>;

/** The lanes' kinds, one host each; fewer lanes than kinds have several hosts each, one of which works at a time. */
export function kindsOf(laneCount: number, targets: Targets): readonly (readonly HostKind[])[] {
  const kinds = directions[targets].flatMap((checks) => agents.map((agent) => ({ agent, checks, targets })));
  return Array.from({ length: laneCount }, (_, lane) =>
    laneCount < kinds.length
      ? kinds.filter((_, kind) => kind % laneCount === lane)
      : kinds.filter((_, kind) => kind === lane % kinds.length),
  );
}

/** Every other lane leaves the end to the repair function; with more lanes than kinds of hosts each kind meets both. */
function retriesIn(lane: number, kinds: number): boolean {
  return (lane + (kinds % 2 === 0 ? Math.floor(lane / kinds) : 0)) % 2 === 0;
}

/** What the results tell of how they were measured. */
export const settings = {
  server: `CacheUpdateFrequency=${cacheUpdateFrequencyS}`,
  hosts: `a value every ${quick.passiveEveryS} s; RefreshActiveChecks=${quick.refreshActiveChecksS}; RSA key pairs are made beforehand`,
  timeouts: Object.entries(timeouts)
    .map(([name, seconds]) => `${name} ${seconds}`)
    .join(', '),
  function: `its pauses pass ${pausesPassTimes} times as fast as on AWS, its clock and time limits do not; killed with SIGKILL; Secrets Manager tries again ${defaultHabits.rotationRetries} times, or not at all: then the event of the failed rotation starts the repair function`,
  script:
    'looks every 100 ms where it would look every 20; SIGKILL to its process group, as the SSM agent ends it at its time limit',
  worker: 'SIGKILL to the session of the exchange',
  node: 'SIGKILL to all its processes; it boots after 3 s and starts its agent. What was written stays written',
} as const;
