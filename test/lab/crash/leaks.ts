/** Looks for every key that the lanes have used, everywhere but where keys belong. */
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import type { Lane } from './lane.ts';

export interface Search {
  /** where which key was found; never the key */
  readonly leaks: readonly string[];
  readonly keys: number;
}

export async function searchForKeys(zabbix: ZabbixLab, lanes: readonly Lane[]): Promise<Search> {
  const keys = Object.fromEntries(lanes.flatMap(keysOf));
  const keyFiles = new Set(zabbix.hosts.map(({ machine, keyFile }) => `${machine.name}${keyFile}`));
  const onDisk = (await zabbix.search(keys))
    // Zabbix keeps its keys in clear in its database (docs/security.md, "Limits").
    .filter(({ machine, path }) => !keyFiles.has(`${machine}${path}`) && !path.startsWith('/var/lib/postgresql/'))
    .map(({ machine, path, needle }) => `${needle} in ${path} of ${machine}`);
  const told = lanes.flatMap((lane) =>
    Object.entries(recordsOf(lane)).flatMap(([what, records]) =>
      inParts(records).flatMap((text) =>
        Object.entries(keys).flatMap(([name, psk]) =>
          text.includes(psk) ? [`${name} in ${what} of lane ${lane.name}`] : [],
        ),
      ),
    ),
  );
  return { leaks: [...onDisk, ...told], keys: Object.keys(keys).length };
}

/** By a name that tells where a key came from and never shows it. */
function keysOf({ name: lane, deployment }: Lane): readonly (readonly [string, string])[] {
  return [...deployment.cloud.world.secrets.values()].flatMap(({ name, versions }) =>
    [...versions.values()].flatMap(({ id, value }) => {
      const psk = /"psk":"([0-9a-f]{32,512})/.exec(value?.string ?? '')?.[1];
      return psk === undefined ? [] : [[`lane ${lane}: ${name} ${id}`, psk] as const];
    }),
  );
}

function recordsOf({ deployment }: Lane): Readonly<Record<string, readonly unknown[]>> {
  const { logs, invocations, events, messages, denials, breakdowns, requests, commands } = deployment.cloud;
  return {
    'logs, answers and errors': [...logs, ...invocations, ...events, ...messages, ...denials, ...breakdowns],
    'requests to AWS': requests.filter(({ secretStore }) => !secretStore),
    'Run Command': commands.map(({ values, comment, invocations: ofNodes }) => [
      values,
      comment,
      [...ofNodes.values()].map(({ steps }) => steps),
    ]),
  };
}

/** The whole of a long run is longer than a string may be. */
function inParts(records: readonly unknown[]): readonly string[] {
  const size = 1000;
  return Array.from({ length: Math.ceil(records.length / size) }, (_, part) =>
    JSON.stringify(records.slice(part * size, (part + 1) * size)).toLowerCase(),
  );
}
