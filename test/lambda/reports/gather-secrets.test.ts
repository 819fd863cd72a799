import { expect, test } from 'vitest';
import { ZabbixUnreachable } from '../../../lambda/errors.ts';
import { gatherSecrets } from '../../../lambda/reports/gather-secrets.ts';
import type { Look, Policy, ReportPorts } from '../../../lambda/reports/ports.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import { aCredential, aSite } from './a-site.ts';
import { aSecret } from './an-estate.ts';

const current = aCredential('web-01.k7q2x9', 'a');
const previous = aCredential('web-01', 'b');

const shown = { host: undefined, proxy: undefined, autoregistration: undefined };

/** So many secrets with a host and a node each; everybody takes a moment to answer. */
function manySecrets(count: number, inPlace = current) {
  const atOnce = { questions: 0, nodes: 0 };
  const most = { questions: 0, nodes: 0 };
  const read: string[] = [];
  const during = async <T>(what: keyof typeof atOnce, turns: number, answer: T): Promise<T> => {
    atOnce[what] += 1;
    most[what] = Math.max(most[what], atOnce[what]);
    for (let turn = 0; turn < turns; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    atOnce[what] -= 1;
    return answer;
  };
  const { ports: one } = aSite();
  const { fingerprint, bytes: keyBytes } = inPlace.key;
  const look: Look = {
    ...{ identity: inPlace.identity, fingerprint, keyBytes, running: true },
    ...{ agent: 'zabbix_agentd', agentVersion: '7.0.22', keyFile: '/k', keyMode: '0400', keyOwner: 'zabbix:zabbix' },
  };
  const policies = Array.from({ length: count }, (_, index): Policy => {
    const { value: _value, targets: _targets, otherUsers: _users, ...rest } = aSecret(`srv-${index}`);
    return { ...rest, versions: { current: 'now', previous: 'before' } };
  });
  const ports: ReportPorts = {
    ...one,
    policies: {
      list: async () => policies,
      value: (policy, versionId) => {
        read.push(versionId);
        const credential = versionId === 'now' ? current : previous;
        const name = policy.name.slice('zabbix-psk/'.length);
        const targets = [{ kind: 'host', name, node: 'mi-1', config: 'auto' }] as const;
        return during('questions', 1, { ...credential, targets, identityMode: 'new', keyBytes: 32 });
      },
    },
    inventory: {
      ...one.inventory,
      holders: () =>
        during(
          'questions',
          1,
          policies.map(({ name }) => name.slice('zabbix-psk/'.length)),
        ),
    },
    nodes: { look: () => during('nodes', 400, look) },
  };
  return { most, read, ports, gather: () => gatherSecrets(ports, shown, Deadline.in(900_000, ports.clock)) };
}

test('while nodes are waited for, the next secrets are read: eight questions and five hundred nodes at a time', async () => {
  const { most, gather } = manySecrets(1_200);
  const secrets = await gather();
  expect(secrets).toHaveLength(1_200);
  expect(most.questions).toBe(8);
  expect(most.nodes).toBeGreaterThan(100);
  expect(most.nodes).toBeLessThanOrEqual(500);
});

test('other versions of a secret are read where a side does not hold the one in force, and nowhere else', async () => {
  const sound = manySecrets(3);
  await sound.gather();
  expect(sound.read).toEqual(['now', 'now', 'now']);

  const behind = manySecrets(1, previous);
  const [secret] = await behind.gather();
  expect(behind.read).toEqual(['now', 'before']);
  expect(secret?.targets[0]?.inspection).toMatchObject({ state: 'inspected', key: 'previous' });
});

test('a Zabbix that answers no more leaves the time to write, however many wait for their turn', async () => {
  const { ports } = manySecrets(1_200);
  let nowMs = 0;
  const clock = { now: () => ({ ms: nowMs }), sleep: async () => undefined };
  const holders = async () => {
    // Eight are waited for at a time, 20 s each.
    nowMs += 20_000 / 8;
    throw new ZabbixUnreachable('Zabbix gave no answer within 20 s');
  };
  const silent = { ...ports, clock, inventory: { ...ports.inventory, holders } };
  const secrets = await gatherSecrets(silent, shown, Deadline.in(900_000, clock));
  expect(secrets).toHaveLength(1_200);
  expect(nowMs).toBeLessThanOrEqual(830_000);
  expect(secrets.at(-1)?.otherUsers).toEqual({ unknown: 'the time of this report was over' });
});

test.each([
  { certificate: undefined, says: /unencrypted: they wait for their first encryption/ },
  { certificate: { issuer: '', subject: '' }, says: /use certificates: they wait for their first key/ },
])('a secret that waits for its first encryption holds no key that could be compared: $says', async (row) => {
  const { ports } = manySecrets(1);
  const targets = [{ kind: 'host', name: 'srv-0', node: 'mi-1', config: 'auto' }] as const;
  const { certificate, says } = row;
  const keyless = {
    targets,
    certificate,
    takes: undefined,
    firstIdentity: 'srv-0',
    identityMode: 'new',
    keyBytes: 32,
  } as const;
  const waiting = { ...ports, policies: { ...ports.policies, value: async () => keyless } };
  const [secret] = await gatherSecrets(waiting, shown, Deadline.in(900_000, ports.clock));
  expect(secret).toMatchObject({
    value: { state: 'unreadable', because: expect.stringMatching(says) },
    targets: [],
  });
});
