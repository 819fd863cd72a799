import { recordKey } from '../../lambda/evidence/record-key.ts';
import type { Look, ReportPorts } from '../../lambda/reports/ports.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { aRecord } from '../lambda/evidence/a-record.ts';
import { aChain } from '../lambda/reports/a-chain.ts';
import { aHost, aSecret, asOf } from '../lambda/reports/an-estate.ts';

const node = 'i-0123456789abcdef0';
const key = PskKey.parse('a'.repeat(64));

/**
 * So many hosts, each with a secret and a chain of records, made when they are asked for: what is measured is the report's own
 * memory. Answers come at once, so that what is measured is the report's own time.
 *
 * @param openEvery one host in so many has no encryption
 */
export function aLargeSite(
  hosts: number,
  recordsEach: number,
  openEvery: number,
): ReportPorts & { readonly bytesOf: Map<string, number> } {
  const names = Array.from({ length: hosts }, (_, index) => `srv-${String(index).padStart(5, '0')}`);
  const bytesOf = new Map<string, number>();
  const chains = chainsAsTheyAreAsked(recordsEach);
  const look: Look = {
    ...{ identity: '', fingerprint: key.fingerprint, keyBytes: 32, running: true },
    ...{ agent: 'zabbix_agent2', agentVersion: '7.0.22' },
    ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix' },
  };
  return {
    bytesOf,
    clock: { now: () => ({ ms: Date.parse(asOf) }), sleep: async () => undefined },
    inventory: {
      version: async () => '7.0.22',
      hosts: async () =>
        names.map((name, index) => aHost(name, index % openEvery === 0 ? { connect: 'none', accept: ['none'] } : {})),
      proxies: async () => [],
      autoregistration: async () => ({ ...aHost('autoregistration'), kind: 'autoregistration', connect: null }),
      readers: async () => [],
      holders: async ({ identity }) => [identity],
      knowsIdentity: async () => true,
    },
    policies: {
      list: async () =>
        names.map((name) => {
          const { value: _, targets: __, otherUsers: ___, ...policy } = aSecret(name);
          return { ...policy, versions: { current: name } };
        }),
      value: async (_, name) => ({
        ...{ identity: name, key, identityMode: 'new', keyBytes: 32 },
        targets: [{ kind: 'host', name, node, config: 'auto' }],
      }),
    },
    nodes: { look: async ({ name }) => ({ ...look, identity: name }) },
    signer: undefined,
    bucket: {
      list: async (prefix) =>
        prefix === 'records/'
          ? names.flatMap((name) =>
              Array.from({ length: recordsEach }, (_, place) => recordKey(`zabbix-psk/${name}`, place + 1)),
            )
          : [],
      get: async (wanted) => chains(wanted),
      putNew: async (name, text) => {
        bytesOf.set(name, Buffer.byteLength(text));
        return true;
      },
    },
  };
}

/** The records of one secret are asked for one after the other, and of a few secrets at a time. */
function chainsAsTheyAreAsked(recordsEach: number): (key: string) => string {
  const made = new Map<string, Map<string, string>>();
  return (wanted) => {
    const secret = wanted.slice('records/'.length, wanted.lastIndexOf('/'));
    let chain = made.get(secret);
    if (chain === undefined) {
      const name = secret.slice('zabbix-psk/'.length);
      chain = aChain(secret, recordsEach, { targets: aRecord().targets.map((target) => ({ ...target, name })) });
      made.set(secret, chain);
      if (made.size > 64) made.delete(made.keys().next().value ?? '');
    }
    return chain.get(wanted) ?? '';
  };
}
