import { beforeAll, describe, expect, test } from 'vitest';
import type { ArgvSampler } from '../argv-sampler.ts';
import type { Lab } from '../lab.ts';

/** Every key that a lab run has used, by a name that tells where it came from and never shows it. */
function keysUsed(lab: Lab): Readonly<Record<string, string>> {
  const inSecrets = [...lab.cloud.world.secrets.values()].flatMap(({ name, versions }) =>
    [...versions.values()].flatMap(({ id, value }) => {
      const psk = /"psk":"([0-9a-f]{32,512})/.exec(value?.string ?? '')?.[1];
      return psk === undefined ? [] : [[`${name} ${id}`, psk] as const];
    }),
  );
  return Object.fromEntries(inSecrets);
}

/** Last of all: what the whole run has left behind is searched for every key. */
export function leaks(lab: () => Lab, sampler: () => ArgvSampler): void {
  describe('no key of the whole run is found in clear', () => {
    // A repair that a failed rotation has set off may still be at it.
    beforeAll(() => lab().cloud.settled());

    const found = (text: string, keys: Readonly<Record<string, string>>) =>
      Object.entries(keys)
        .filter(([, psk]) => text.toLowerCase().includes(psk))
        .map(([name]) => name);

    test('in the function’s log, its answers and errors, events and messages', () => {
      const keys = keysUsed(lab());
      expect(Object.keys(keys).length).toBeGreaterThan(15);
      const { logs, invocations, events, messages, denials, breakdowns } = lab().cloud;
      expect(logs.length).toBeGreaterThan(100);
      expect(found(JSON.stringify({ logs, invocations, events, messages, denials, breakdowns }), keys)).toEqual([]);
    });

    test('in any request to AWS or its answer, other than those of the secret store itself', () => {
      const requests = lab().cloud.requests.filter(({ secretStore }) => !secretStore);
      expect(requests.length).toBeGreaterThan(100);
      expect(found(JSON.stringify(requests), keysUsed(lab()))).toEqual([]);
    });

    test('in parameters and outputs of Run Command', () => {
      const commands = lab().cloud.commands;
      expect(commands.length).toBeGreaterThan(50);
      const text = JSON.stringify(
        commands.map(({ values, comment, invocations }) => [
          values,
          comment,
          [...invocations.values()].map(({ steps }) => steps),
        ]),
      );
      expect(found(text, keysUsed(lab()))).toEqual([]);
    });

    test('in any file of any machine, other than the agents’ key files', async () => {
      const { hosts, proxies } = lab().zabbix;
      const keyFiles = new Set([...hosts, ...proxies].map(({ machine, keyFile }) => `${machine.name}${keyFile}`));
      const findings = await lab().zabbix.search(keysUsed(lab()));
      const elsewhere = findings.filter(({ machine, path }) => !keyFiles.has(`${machine}${path}`) && !isDatabase(path));
      expect(elsewhere).toEqual([]);
      // The search can find: the keys in use are in the key files.
      expect(findings.length).toBeGreaterThan(10);
    });

    test('in the arguments of any process', async () => {
      const seen = await sampler().stop();
      expect(seen.size).toBeGreaterThan(100);
      expect(found([...seen].join('\n'), keysUsed(lab()))).toEqual([]);
    });
  });
}

/** Zabbix keeps its keys in clear in its database, a proxy those of the hosts behind it; that is Zabbix' own and the reason for docs/security.md, "Limits". */
function isDatabase(path: string): boolean {
  return path.startsWith('/var/lib/postgresql/') || path.startsWith('/var/lib/zabbix/');
}
