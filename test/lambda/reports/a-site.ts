import { NodeUnreachable, Refusal } from '../../../lambda/errors.ts';
import type { Reader, ZabbixObject } from '../../../lambda/reports/gathered.ts';
import type { Look, Policy, ReportPorts } from '../../../lambda/reports/ports.ts';
import type { Credential, SecretValue } from '../../../lambda/rotation/model.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { aHost, aSecret, asOf } from './an-estate.ts';

export function aCredential(identity: string, digit: string): Credential {
  return { identity, key: PskKey.parse(digit.repeat(64)) };
}

const node = 'i-0123456789abcdef0';

/**
 * Zabbix, Secrets Manager, nodes and a bucket, with web-01 in order on all sides. Zabbix compares identity and key, the node
 * tells a fingerprint, the bucket keeps what is there: the rules that a report lives by. Tests change one side by hand.
 */
export function aSite() {
  const current = aCredential('web-01.k7q2x9', 'a');
  const site = {
    hosts: [aHost('web-01')],
    readers: [] as Reader[],
    stored: new Map<string, Credential>([['web-01', current]]),
    values: new Map<string, SecretValue | Refusal>([
      [
        'now',
        {
          ...current,
          targets: [{ kind: 'host', name: 'web-01', node, config: 'auto' }],
          identityMode: 'new',
          keyBytes: 32,
        },
      ],
    ]),
    versions: { current: 'now' } as Policy['versions'],
    inPlace: current as Credential | undefined | Error,
    refusing: new Set<keyof ReportPorts['inventory']>(),
    files: new Map<string, string>(),
    nowMs: Date.parse(asOf),
    calls: [] as string[],
  };

  const policy = (): Policy => {
    const { value: _, targets: __, otherUsers: ___, ...rest } = aSecret('web-01');
    return { ...rest, versions: site.versions };
  };
  /** What Zabbix answers, unless it refuses this method. */
  const answer = <T>(method: keyof ReportPorts['inventory'], value: T): T => {
    site.calls.push(method);
    if (site.refusing.has(method)) throw new Refusal('ZABBIX_REFUSED', `Zabbix refused ${method}`);
    return value;
  };
  const sameKey = (one: Credential, other: Credential) =>
    one.identity === other.identity && one.key.fingerprint === other.key.fingerprint;

  const ports: ReportPorts = {
    clock: { now: () => ({ ms: site.nowMs }), sleep: async () => undefined },
    inventory: {
      version: async () => '7.0.22',
      hosts: async () => answer('hosts', site.hosts),
      proxies: async () => answer<ZabbixObject[]>('proxies', []),
      autoregistration: async () =>
        answer('autoregistration', {
          ...aHost('autoregistration'),
          kind: 'autoregistration',
          connect: null,
          accept: ['none'],
          usesAgent: false,
        }),
      readers: async () => answer('readers', site.readers),
      holders: async (wanted) =>
        answer(
          'holders',
          [...site.stored].filter(([, held]) => sameKey(held, wanted)).map(([name]) => name),
        ),
      knowsIdentity: async (host, identity) => site.stored.get(host)?.identity === identity,
    },
    policies: {
      list: async () => [policy()],
      value: async (_, versionId) => {
        const value = site.values.get(versionId);
        if (value instanceof Refusal) throw value;
        return value;
      },
    },
    nodes: {
      look: async (): Promise<Look> => {
        site.calls.push('look');
        if (site.inPlace instanceof Error) throw site.inPlace;
        if (site.inPlace === undefined) throw new NodeUnreachable('web-01', `node ${node} did not take up inspect`);
        const { identity, key } = site.inPlace;
        return {
          ...{ identity, fingerprint: key.fingerprint, keyBytes: key.bytes, running: true },
          ...{ agent: 'zabbix_agent2', agentVersion: '7.0.22' },
          ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix' },
        };
      },
    },
    signer: undefined,
    bucket: {
      list: async (prefix) => [...site.files.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
      get: async (key) => site.files.get(key) ?? '',
      putNew: async (key, body) => {
        if (site.files.has(key)) return site.files.get(key) === body;
        site.files.set(key, body);
        return true;
      },
    },
  };
  return { ...site, site, ports };
}
