import { NodeExchanging, sentence } from '../errors.ts';
import { neverGivesUp, waitForContact, whenPollingKeepsFailing } from './contact.ts';
import type { Deadline } from './deadline.ts';
import { bindsKeyToHost } from './gate.ts';
import { inspectSettled } from './inspect-settled.ts';
import {
  type Evidence,
  fingerprintOf,
  type Inspection,
  type MonitoredHost,
  type NodeTarget,
  type Protection,
  type RotationIds,
  type Target,
  type Verdict,
} from './model.ts';
import type { Monitor, Ports } from './ports.ts';
import { hostsUsing, proveAtPort } from './prove-at-port.ts';
import { waitForValueThrough } from './through.ts';
import { judge } from './verdict.ts';

/** What was observed of a target and what we conclude. */
export interface Proof {
  readonly target: Target;
  readonly wanted: Protection;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly inspection: Inspection | undefined;
  /** As Zabbix has described it; undefined: it could not be asked. */
  readonly host?: MonitoredHost | undefined;
  /** Its node answers, in the middle of an exchange: contact says nothing of the key that it will end on. */
  readonly isExchanging?: boolean;
}

/** What a target should be on, and what must be dead. */
export interface Claim {
  readonly rotation: RotationIds;
  readonly wanted: Protection;
  readonly dead: Protection | undefined;
}

/**
 * Gathers the evidence that a target is on a key. Proof has two halves: fresh contact says that both ends share *a* key, the
 * fingerprint on the node says that it is this one.
 */
export async function prove(target: Target, claim: Claim, ports: Ports, deadline: Deadline): Promise<Proof> {
  if (target.kind === 'autoregistration') return proveAtPort(target, claim, ports, deadline);
  const { monitor } = ports;
  const inspected = await orWhy(inspectSettled(target, claim.rotation, ports, deadline));
  const inspection = 'value' in inspected ? inspected.value : undefined;
  const node = 'value' in inspected ? { fingerprint: inspected.value.fingerprint } : { unknown: inspected.why };

  const asked = await orWhy(askZabbix(target, claim, node, inspection, ports, deadline));
  const { host, ...zabbix }: FromZabbix =
    'value' in asked
      ? asked.value
      : { host: undefined, stored: 'unknown', contact: { seen: 'unknown', because: asked.why } };

  const fate = await fateOfOldKey(claim, inspection, zabbix.stored, monitor);
  const evidence: Evidence = { node, ...zabbix, ...(await orKept(fate, target, claim, inspection, monitor)) };
  const verdict = judge(evidence, fingerprintOf(claim.wanted));
  const isExchanging = 'error' in inspected && inspected.error instanceof NodeExchanging;
  return { target, wanted: claim.wanted, evidence, verdict, inspection, host, isExchanging };
}

type FromZabbix = Pick<Evidence, 'stored' | 'contact' | 'through'> & Pick<Proof, 'host'>;

async function askZabbix(
  target: NodeTarget,
  claim: Claim,
  node: Evidence['node'],
  inspection: Inspection | undefined,
  ports: Ports,
  deadline: Deadline,
): Promise<FromZabbix> {
  const { host, holds } = await ports.monitor.find(target, [claim.wanted]);
  const stored = holds === 'untold' ? 'untold' : holds === undefined ? 'other' : 'wanted';
  // Contact without knowing the node's key says nothing of this one.
  if ('unknown' in node) return { host, stored, contact: { seen: 'unknown', because: node.unknown } };
  // Two sides known to differ will not come into contact by waiting.
  if (stored === 'other' || inspection?.fingerprint !== fingerprintOf(claim.wanted))
    return { host, stored, contact: { seen: 'none', waitedS: 0, error: undefined } };
  const serverWasFirst = claim.dead !== undefined && (inspection?.lastSwitch?.gate ?? 'now') !== 'now';
  const giveUp = serverWasFirst ? whenPollingKeepsFailing(host, ports) : neverGivesUp;
  const contact = await waitForContact(host, inspection, ports, deadline, giveUp);
  if (host.kind !== 'proxy' || contact.seen !== 'value') return { host, stored, contact };
  return { host, stored, contact, through: await waitForValueThrough(host, inspection, ports, deadline) };
}

async function fateOfOldKey(
  { dead }: Claim,
  inspection: Inspection | undefined,
  stored: Evidence['stored'],
  monitor: Pick<Monitor, 'serverAccepts'>,
): Promise<Evidence['oldKey']> {
  if (dead === undefined || isLeftOpen(dead)) return 'none';
  const seenByNode = inspection?.lastSwitch?.oldKey ?? 'not-asked';
  if (seenByNode !== 'not-asked') return seenByNode;
  const seenFromHere = await orWhy(monitor.serverAccepts(dead));
  if ('value' in seenFromHere && seenFromHere.value !== undefined) return seenFromHere.value ? 'accepted' : 'refused';
  return stored === 'wanted' || stored === 'untold' ? 'replaced' : 'accepted';
}

/**
 * A server that is asked for an identity alone takes the old key for as long as anybody uses it: hosts to whom the target has left it.
 * A gate that binds the key to its host would have told of that as a refusal.
 */
async function orKept(
  oldKey: Evidence['oldKey'],
  target: NodeTarget,
  { wanted, dead }: Claim,
  inspection: Inspection | undefined,
  monitor: Pick<Monitor, 'usersOf'>,
): Promise<Pick<Evidence, 'oldKey' | 'stillUsedBy'>> {
  if (oldKey !== 'accepted' || dead?.key === undefined || dead.identity === wanted.identity) return { oldKey };
  const account = inspection?.lastSwitch;
  if (account?.oldKey === 'accepted' && bindsKeyToHost(account.gate)) return { oldKey };
  const users = await orWhy(hostsUsing(dead, monitor));
  if (!('value' in users) || users.value.length === 0 || users.value.includes(target.name)) return { oldKey };
  return { oldKey: 'kept', stillUsedBy: users.value };
}

/** Unencrypted connections that go on being taken, because their owner asked for that. */
function isLeftOpen(dead: Protection): boolean {
  return dead.key === undefined && dead.takes !== 'only-psk';
}

/** An outcome instead of an exception: not being able to ask is something that was observed. */
async function orWhy<T>(
  asking: Promise<T>,
): Promise<{ readonly value: T } | { readonly why: string; readonly error: unknown }> {
  try {
    return { value: await asking };
  } catch (error) {
    return { why: sentence(error), error };
  }
}
