import { describe, expect, test } from 'vitest';
import type { HostFault } from '../hosts/faults.ts';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { leftOn } from './held.ts';
import { saidBy } from './repairs.ts';

interface Row {
  readonly name: string;
  readonly host?: Partial<SmallHostOptions>;
  readonly fault?: HostFault;
  /** Done after the host was adopted. */
  readonly spoil?: (lab: Lab, host: SmallHost) => Promise<unknown> | unknown;
  readonly sentence: RegExp;
}

const secretOf = (host: SmallHost, over: object) =>
  JSON.stringify({
    ...host.credential,
    targets: [{ kind: 'host', name: host.computerName, node: host.instanceId }],
    ...over,
  });

const rows: readonly Row[] = [
  // The longest first.
  {
    name: 'bad-offline',
    spoil: (_, host) => {
      host.online = false;
    },
    sentence: /node i-\w+ of bad-offline did not take up prepare within 30 s \(Systems Manager says ConnectionLost\)/,
  },
  {
    name: 'bad-json',
    spoil: (lab, host) => lab.put('bad-json', `${secretOf(host, {}).slice(0, -1)}`),
    sentence: /zabbix-psk\/bad-json does not hold a credential with targets \(it is not JSON\)/,
  },
  {
    name: 'bad-targets',
    spoil: (lab, host) => lab.put('bad-targets', secretOf(host, { targets: [] })),
    sentence: /targets: must list at least one target/,
  },
  {
    name: 'bad-newline',
    spoil: (lab, host) => lab.put('bad-newline', secretOf(host, { psk: `${host.credential.psk}\n` })),
    sentence: /psk: the key holds a blank or a newline/,
  },
  {
    name: 'bad-name',
    spoil: (lab, host) =>
      lab.put('bad-name', secretOf(host, { targets: [{ kind: 'host', name: 'BAD-name', node: host.instanceId }] })),
    sentence: /Zabbix shows no host "BAD-name" to our API user; correct the target's name/,
  },
  {
    name: 'bad-node',
    spoil: (lab, host) =>
      lab.put(
        'bad-node',
        secretOf(host, { targets: [{ kind: 'host', name: 'bad-node', node: 'i-00000000000000000' }] }),
      ),
    sentence:
      /node i-00000000000000000 of bad-node is not a managed node of Systems Manager|may not command node i-00000000000000000/,
  },
  {
    name: 'bad-untagged',
    host: { tags: {} },
    sentence: /may not command node i-\w+ of bad-untagged; tag it ZabbixPskRotation=enabled/,
  },
  {
    name: 'bad-drift',
    spoil: (lab, host) => lab.put('bad-drift', secretOf(host, { psk: 'ab'.repeat(32) })),
    sentence: /Zabbix holds another key for host "bad-drift" than AWSCURRENT of zabbix-psk\/bad-drift/,
  },
  {
    name: 'bad-stopped',
    host: { checks: 'active' },
    spoil: (_, host) => host.stopAgent(),
    sentence: /bad-stopped \(i-\w+\): zabbix_agent2 \(.+\) does not run/,
  },
  {
    name: 'bad-plain-agent',
    host: { checks: 'active' },
    fault: 'withoutPsk',
    sentence: /bad-plain-agent \(i-\w+\): .*(PSK|TLSPSK|psk)/,
  },
  {
    name: 'bad-key-file',
    fault: 'keyFileUnreadable',
    sentence: /bad-key-file \(i-\w+\): The agent's user cannot read the key file .etc.zabbix.agent.psk/,
  },
  { name: 'bad-openssl', fault: 'noOpenssl', sentence: /bad-openssl \(i-\w+\): openssl is not installed/ },
  { name: 'bad-disk', fault: 'diskFull', sentence: /bad-disk \(i-\w+\): .*(space|full|free)/ },
  {
    name: 'bad-read-only',
    fault: 'readOnlyConfiguration',
    sentence: /bad-read-only \(i-\w+\): .*(read-only|written|writable)/i,
  },
];

export const secretsOfBadInput = rows.map(({ name }) => name);

export function badInput(lab: () => Lab): void {
  describe('bad input ends in one sentence before anything is changed', () => {
    test.each(rows)('$name', async ({ name, host: options = {}, fault, spoil, sentence }) => {
      const host = await lab().host({ name, ...options });
      await lab().adopt(name, [host]);
      if (fault !== undefined) await host.inflict(fault);
      await spoil?.(lab(), host);
      const before = labelledText(lab(), name);

      const { outcome, failures } = await lab().rotate(name);

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(sentence);
      expect(failures[0]?.errorMessage).not.toContain(host.credential.psk.slice(0, 32));
      expect(labelledText(lab(), name)).toBe(before);
      expect(pendingOf(lab(), name)).toBe(false);
      expect(await host.zabbixHolds(host.credential)).toBe(true);
      expect(host.keyInPlace() === host.credential.psk).toBe(true);
      expect((await leftOn(host)).filter((path) => /\.(next|previous)$/.test(path))).toEqual([]);
      // A refusal leaves nothing to repair, so it must not set off the alarm of a rotation that may be stranded.
      expect(saidBy(lab(), name)).toEqual([expect.stringMatching(/no rotation is unfinished/)]);
    });
  });

  describe('a request from the console ends in one sentence', () => {
    test.each([
      [{ rotate: 'zabbix-psk/nobody' }, /no secret "zabbix-psk\/nobody"|may not see the secret "zabbix-psk\/nobody"/],
      [{ inspect: 'somebody-elses' }, /no secret "somebody-elses"|may not see the secret "somebody-elses"/],
      [{ turn: 'x' }, /neither a rotation step of Secrets Manager nor/],
    ])('%o', async (event, sentence) => {
      const { error } = await lab().invoke(event);
      expect(error?.errorMessage).toMatch(sentence);
    });
  });
}

function secretNamed(lab: Lab, secret: string) {
  return [...lab.cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
}

function labelledText(lab: Lab, secret: string): string | undefined {
  const versions = [...(secretNamed(lab, secret)?.versions.values() ?? [])];
  return versions.find(({ labels }) => labels.has('AWSCURRENT'))?.value?.string;
}

function pendingOf(lab: Lab, secret: string): boolean {
  return [...(secretNamed(lab, secret)?.versions.values() ?? [])].some(({ labels }) => labels.has('AWSPENDING'));
}
