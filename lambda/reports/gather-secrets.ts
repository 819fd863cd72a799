import { NodeUnreachable, Refusal, ZabbixUnreachable } from '../errors.ts';
import type { Deadline } from '../rotation/deadline.ts';
import type { SecretValue, Target } from '../rotation/model.ts';
import { askedOf } from './asked.ts';
import { atATime } from './at-a-time.ts';
import { atMost } from './at-most.ts';
import type { Asked, GatheredSecret, GatheredTarget, Held, Inspection, Kind } from './gathered.ts';
import type { Look, Policy, ReportPorts } from './ports.ts';

/** Zabbix answers in 10–20 ms; more at a time would only be felt by its users. */
const questionsAtATime = 8;
/** Of nearly all of them a node is waited for, 5 s each: ten commands of 50. */
const secretsAtATime = 500;

/** Longest that one node is waited for, and what is kept of the time to write the report in. Milliseconds. */
const nodeMs = 60_000;
const writingMs = 90_000;

/** Names of what Zabbix shows to our API user; undefined: it could not be asked. */
export type Shown = Readonly<Record<Kind, ReadonlySet<string> | undefined>>;

/** Every secret of ours with what Zabbix and the nodes hold, compared here, so that neither key nor fingerprint goes on. */
export async function gatherSecrets(
  ports: ReportPorts,
  shown: Shown,
  deadline: Deadline,
): Promise<readonly GatheredSecret[]> {
  const policies = await ports.policies.list();
  const polite = inTurns(ports, deadline);
  return atMost(secretsAtATime, beginningElsewhere(policies, ports.clock.now().ms), (policy) =>
    gatherSecret(policy, polite, shown, deadline),
  );
}

/** Zabbix and Secrets Manager are asked by a few at a time, however many wait for their nodes. */
function inTurns(ports: ReportPorts, deadline: Deadline): ReportPorts {
  const { inventory, policies } = ports;
  const turn = atATime(questionsAtATime);
  // Seen to when its turn has come: a Zabbix that answers no more is waited for 20 s each time, and the report must be written all the same.
  const inTime = <T>(ask: () => Promise<T>) =>
    turn(() => {
      if (deadline.remainingMs < writingMs) throw new ZabbixUnreachable('the time of this report was over');
      return ask();
    });
  return {
    ...ports,
    policies: { ...policies, value: (policy, versionId) => turn(() => policies.value(policy, versionId)) },
    inventory: {
      ...inventory,
      holders: (credential) => inTime(() => inventory.holders(credential)),
      knowsIdentity: (host, identity) => inTime(() => inventory.knowsIdentity(host, identity)),
    },
  };
}

/** Each day with others, so that nodes for which there was no time come first another day. */
function beginningElsewhere(policies: readonly Policy[], nowMs: number): readonly Policy[] {
  const from = policies.length === 0 ? 0 : (Math.floor(nowMs / 86_400_000) * 997) % policies.length;
  return [...policies.slice(from), ...policies.slice(0, from)];
}

async function gatherSecret(
  policy: Policy,
  ports: ReportPorts,
  shown: Shown,
  deadline: Deadline,
): Promise<GatheredSecret> {
  const { versions, ...rest } = policy;
  const current = await valueIn(policy, versions.current, ports);
  if ('unknown' in current) {
    const value =
      current.unknown === placeholder
        ? ({ state: 'placeholder' } as const)
        : ({ state: 'unreadable', because: current.unknown } as const);
    return { ...rest, value, targets: [], otherUsers: { known: [] } };
  }
  const sides = sidesOf(policy, current.known, ports);
  const { targets, identity, key } = current.known;
  const holders = await askedOf(() => ports.inventory.holders({ identity, key }));
  const ofTarget = async (target: Target): Promise<GatheredTarget> => {
    const { kind, name, node } = target;
    const inspection = await inspect(target, sides, ports, deadline);
    return {
      kind,
      name,
      ...(node === undefined ? {} : { node }),
      zabbixHolds: await zabbixSide(target, holders, sides, ports, shown),
      inspection,
    };
  };
  const names = new Set(targets.map(({ name }) => name));
  return {
    ...rest,
    value: { state: 'held', keyBytes: key.bytes },
    targets: await Promise.all(targets.map(ofTarget)),
    otherUsers: 'known' in holders ? { known: holders.known.filter((name) => !names.has(name)) } : holders,
  };
}

/** Nobody has put a value there yet. */
const placeholder = 'placeholder';

async function valueIn(
  policy: Policy,
  versionId: string | undefined,
  { policies }: ReportPorts,
): Promise<Asked<SecretValue>> {
  if (versionId === undefined) return { unknown: placeholder };
  try {
    const value = await policies.value(policy, versionId);
    if (value === undefined) return { unknown: 'the version in force has no value' };
    if (value.key === undefined)
      return {
        unknown: `it says that its targets ${value.certificate === undefined ? 'are unencrypted: they wait for their first encryption' : 'use certificates: they wait for their first key'}`,
      };
    return { known: value };
  } catch (error) {
    if (error instanceof Refusal) return { unknown: error.code === 'SECRET_NOT_ADOPTED' ? placeholder : error.message };
    throw error;
  }
}

/** The versions that a side may hold. Nearly every side holds the one in force, so the others are read when one does not. */
interface Sides {
  readonly current: SecretValue;
  others(): Promise<readonly (readonly [Exclude<Held, 'current' | 'other'>, SecretValue])[]>;
}

function sidesOf(policy: Policy, current: SecretValue, ports: ReportPorts): Sides {
  let read: ReturnType<Sides['others']> | undefined;
  return { current, others: () => (read ??= otherVersions(policy, ports)) };
}

async function otherVersions(policy: Policy, ports: ReportPorts) {
  const { pending, previous } = policy.versions;
  const found = await Promise.all(
    (
      [
        ['pending', pending],
        ['previous', previous],
      ] as const
    ).map(async ([label, versionId]) => {
      if (versionId === undefined || versionId === policy.versions.current) return [];
      const value = await valueIn(policy, versionId, ports);
      return 'known' in value ? [[label, value.known] as const] : [];
    }),
  );
  return found.flat();
}

async function zabbixSide(
  { kind, name }: Target,
  holders: Asked<readonly string[]>,
  sides: Sides,
  { inventory }: ReportPorts,
  shown: Shown,
): Promise<GatheredTarget['zabbixHolds']> {
  if (shown[kind]?.has(name) === false) return { known: 'missing' };
  if (kind !== 'host') return { known: 'untold' };
  if ('unknown' in holders) return holders;
  if (holders.known.includes(name)) return { known: 'current' };
  return askedOf(async () => {
    for (const [label, value] of await sides.others()) {
      if ((await inventory.holders(value)).includes(name)) return label;
    }
    return 'other';
  });
}

async function inspect(
  target: Target,
  sides: Sides,
  { nodes, inventory }: ReportPorts,
  deadline: Deadline,
): Promise<Inspection> {
  if (target.kind === 'autoregistration') return { state: 'no-node' };
  if (deadline.remainingMs < writingMs + nodeMs) return { state: 'not-asked' };
  try {
    const { fingerprint, identity, ...look } = await nodes.look(target, deadline.within(nodeMs));
    const key = await heldBy({ fingerprint, identity }, sides);
    const known = key === 'other' ? await askedOf(() => inventory.knowsIdentity(target.name, identity)) : undefined;
    return {
      state: 'inspected',
      key,
      ...(known !== undefined && 'known' in known ? { identityInZabbix: known.known } : {}),
      ...look,
    };
  } catch (error) {
    if (error instanceof Refusal && error.code === 'NODE_REFUSED')
      return { state: 'refused', says: error.message, byteOrderMark: /byte order mark/.test(error.message) };
    if (error instanceof Refusal || error instanceof NodeUnreachable)
      return { state: 'unreachable', says: error.message };
    throw error;
  }
}

/** Identity and key together: Zabbix asks for both. */
async function heldBy(
  { fingerprint, identity }: Pick<Look, 'fingerprint' | 'identity'>,
  { current, others }: Sides,
): Promise<Held> {
  const holds = (value: SecretValue) => value.key.fingerprint === fingerprint && value.identity === identity;
  if (holds(current)) return 'current';
  return (await others()).find(([, value]) => holds(value))?.[0] ?? 'other';
}
