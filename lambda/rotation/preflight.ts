import { Refusal } from '../errors.ts';
import { Deadline } from './deadline.ts';
import { chooseGate, isArmed } from './gate.ts';
import { hostProblem } from './host-problem.ts';
import { type MonitoredHost, type NodeTarget, onNodes, type Preparation, type Rotation, type Target } from './model.ts';
import { byNode, oncePerNode } from './node-mates.ts';
import type { Ports, ProxyBefore } from './ports.ts';
import { proxyBefore } from './proxy-before.ts';
import { refuseTooLong } from './refuse-too-long.ts';
import { reportsElsewhere } from './reports-elsewhere.ts';
import { sideBySide } from './side-by-side.ts';
import { slowProxyOf, slowProxyProblem } from './slow-proxy.ts';
import { findStored, type Stored } from './stored-credential.ts';
import { until } from './wait.ts';

/** A target that may be switched: what Zabbix and its node said of it. */
export interface Ready {
  readonly target: NodeTarget;
  readonly host: MonitoredHost;
  readonly prepared: Preparation;
  /** Of a host behind one. */
  readonly proxy: ProxyBefore | undefined;
  /** The proxy that has its key only when this invocation has ended. */
  readonly slowProxy: string | undefined;
}

/**
 * Everything that can fail cheaply fails here, while every agent still runs on the key it had.
 *
 * @throws {Refusal} naming the thing, the value and the remedy
 */
export async function preflight(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<readonly Ready[]> {
  await ports.monitor.version();
  const targets = onNodes(rotation.pending.targets);
  const found = await sideBySide(targets, (target) => checkTarget(target, rotation, ports));
  await refuseStrangers(rotation, ports);
  const prepareNode = oncePerNode((target) => ports.fleet.prepare(target, rotation, deadline));
  const prepared = await sideBySide(targets, async (target): Promise<Preparation> => {
    const node = await prepareNode(target);
    // Of an agent and a proxy that are prepared together, the node tells of the agent.
    return node.kind === target.kind ? node : { ...node, ...(await ports.fleet.inspect(target, rotation, deadline)) };
  });
  const ready = targets.map((target, index) => {
    const [about, preparation] = [found[index], prepared[index]];
    if (about === undefined || preparation === undefined) throw new RangeError(`no answer for target ${target.name}`);
    const { host, proxy, slowProxy } = about;
    if (preparation.hostname !== target.name) {
      throw new Refusal(
        'HOSTNAME_DIFFERS',
        `the ${target.kind === 'proxy' ? 'proxy' : 'agent'} on ${target.node} calls itself "${preparation.hostname}", the secret calls its target "${target.name}"; names are case-sensitive: correct one of them`,
      );
    }
    return { target, host, prepared: preparation, proxy, slowProxy };
  });
  for (const one of ready) refuseTooLong(one, rotation, ports.monitor);
  for (const one of ready) refuseSilent(one, rotation);
  for (const one of ready) refuseElsewhere(one, rotation, ports);
  for (const one of ready) await refuseUnwatched(one, rotation, ports);
  for (const mates of byNode(ready)) refuseSlowMates(mates);
  const untold = found.filter(({ stored }) => stored === 'untold').map(({ host }) => host);
  if (untold.length > 0) await giveWhatIsHeld(untold, rotation, ports);
  return ready;
}

/**
 * Zabbix has just been in contact with these, and their nodes hold what is current, so that is what it holds for them. Given
 * once more by us it can be told from what is given next.
 */
async function giveWhatIsHeld(untold: readonly MonitoredHost[], rotation: Rotation, ports: Ports): Promise<void> {
  await ports.archive.append({
    event: 'zabbix.givingWhatIsHeld',
    secretId: rotation.secretId,
    token: rotation.versionId,
    targets: untold.map(({ name }) => name),
    identity: rotation.current.identity,
  });
  await ports.monitor.give(untold, rotation.current);
}

/** An agent that is never polled is known to be well by what it sends; its values carry its node's clock. A proxy, by its contact with the server. */
function refuseSilent({ host, prepared }: Ready, rotation: Rotation): void {
  const alreadyMoved = prepared.fingerprint === rotation.pending.key.fingerprint;
  if (host.kind === 'proxy' && !alreadyMoved) refuseOffline(host);
  if (host.reachable !== undefined || host.witness?.clockOf !== 'agent' || alreadyMoved) return;
  const silentForS = Math.round(prepared.clock.nodeMs / 1000 - host.witness.lastS);
  if (silentForS <= 3 * host.witness.everyS + mayLagS) return;
  throw new Refusal(
    'HOST_UNREACHABLE',
    `Zabbix has heard nothing of host "${host.name}" for ${silentForS} s (${host.witness.key}, every ${host.witness.everyS} s); mend that first, then rotate`,
  );
}

/** With the key changed already there is nobody left to be cut off. */
function refuseElsewhere(one: Ready, { pending }: Rotation, { monitor }: Ports): void {
  if (one.host.kind !== 'host' || one.prepared.fingerprint === pending.key.fingerprint) return;
  const problem = reportsElsewhere(one, monitor);
  if (problem !== undefined) throw problem;
}

/** Nobody but the node itself can see when a proxy has the key of a host behind it. */
async function refuseUnwatched(
  { target, host, prepared }: Ready,
  rotation: Rotation,
  { monitor }: Ports,
): Promise<void> {
  if (host.behindProxy === false || isArmed(await chooseGate(host, prepared.gates, rotation, monitor))) return;
  throw new Refusal(
    'HOST_BEHIND_PROXY',
    `host "${host.name}" is monitored by a proxy, and ${target.node} could not ask that proxy with the key in use (ServerActive, or Server, at its port 10051), so nobody would know when it has the next one; let the node reach it`,
  );
}

/** The proxy changes within a minute, and with the one key file of both the agent would, an hour before anybody knows its key. */
function refuseSlowMates(mates: readonly Ready[]): void {
  const slow = mates.find(({ slowProxy }) => slowProxy !== undefined);
  const other = mates.find(({ slowProxy }) => slowProxy === undefined);
  if (slow === undefined || other === undefined) return;
  throw new Refusal(
    'HOST_BEHIND_PROXY',
    `host "${slow.host.name}" is monitored by ${slow.slowProxy}, which has its next key long after ${other.host.kind} "${other.host.name}" on the same node must change; give each a key file and a secret of its own`,
  );
}

function refuseOffline(proxy: MonitoredHost): void {
  if (silentForS(proxy) > mayLagS) throw offline(proxy);
}

/** What is in its own exchange of keys and has lost its server, or is away for another reason, brings no value that would prove anything. */
function refuseBehindLost(host: MonitoredHost, { name, silentForS, isOffline }: ProxyBefore): void {
  if (name === undefined || silentForS === undefined) return;
  if (!isOffline && silentForS <= mayLagS) return;
  throw new Refusal(
    'PROXY_OFFLINE',
    `host "${host.name}" is monitored by proxy "${name}", with which Zabbix has had no contact for ${silentForS} s; mend that first, then rotate`,
  );
}

function offline(proxy: MonitoredHost): Refusal {
  const { name, witness } = proxy;
  return new Refusal(
    'PROXY_OFFLINE',
    `Zabbix has had no contact with proxy "${name}" ${witness?.lastS === 0 ? 'ever' : `for ${silentForS(proxy)} s`}; mend that first, then rotate`,
  );
}

function silentForS({ seen, witness }: MonitoredHost): number {
  return seen.serverS - (witness?.lastS ?? 0);
}

/** An active agent sends what it has every 5 s, and one whose connection failed tries again after 60 s, agent 2 of 6.0 after 120 s. */
const mayLagS = 130;

async function checkTarget(
  target: Target,
  rotation: Rotation,
  ports: Ports,
): Promise<Pick<Ready, 'host' | 'proxy' | 'slowProxy'> & { readonly stored: Stored }> {
  const { host, stored } = await findStored(target, rotation, ports.monitor);
  const proxy = await proxyBefore(host, ports.monitor);
  const problem =
    hostProblem(host, rotation.current, stored, rotation.secretName) ?? slowProxyProblem(host, proxy, ports);
  if (problem !== undefined) throw problem;

  if (stored === 'other') {
    throw new Refusal(
      'ZABBIX_HOLDS_ANOTHER_KEY',
      `Zabbix holds another key for ${host.kind} "${host.name}" than AWSCURRENT of ${rotation.secretName}; put the key that is in use into the secret, or set the ${host.kind}'s Encryption tab to what the secret holds`,
    );
  }
  // With the pending key stored, an earlier try of this rotation got that far: an agent that cannot be reached is what it must mend.
  if (stored === 'current' || stored === 'untold') await refuseUnreachable(host, ports);
  if (stored === 'current' && proxy !== undefined) refuseBehindLost(host, proxy);
  return { host, stored, proxy, slowProxy: slowProxyOf(host, proxy, ports) };
}

/** One failed check costs an interface 15 s of silence; `checkNow` ends it, and a look takes 5 s to show. Milliseconds. */
const mayRecoverForMs = 25_000;
const lookAgainEveryMs = 2_500;

/** A single check may fail on any day: only a host that stays unreachable when it is asked again is refused. */
async function refuseUnreachable(host: MonitoredHost, { monitor, clock }: Ports): Promise<void> {
  if (host.reachable?.yes !== false) return;
  if (host.witness !== undefined) await monitor.checkNow(host.witness);
  let error = host.reachable.error;
  const recovered = await until(
    async () => {
      const { reachable } = await monitor.refresh(host);
      if (reachable?.yes !== false) return true;
      error = reachable.error;
      return undefined;
    },
    lookAgainEveryMs,
    clock,
    Deadline.in(mayRecoverForMs, clock),
  );
  if (recovered !== undefined) return;
  if (host.kind === 'proxy') throw offline(host);
  throw new Refusal(
    'HOST_UNREACHABLE',
    `Zabbix cannot reach the agent of host "${host.name}" even now (${error}); mend that first, then rotate`,
  );
}

/**
 * One identity has one key in Zabbix, whoever uses it: a host that the secret does not list would be left behind, unnoticed, on a key that
 * no secret holds any more. Who `leaves` an identity says that this is meant: with a new one nothing changes for the hosts that stay.
 * A proxy is refused all the same, since no proxy registers with a key, and one that shares it may share the key file.
 */
async function refuseStrangers(rotation: Rotation, { monitor }: Ports): Promise<void> {
  const isListed = (user: Pick<Target, 'kind' | 'name'>) =>
    rotation.pending.targets.some(({ kind, name }) => kind === user.kind && name === user.name);
  const strangersTo = async (identities: readonly string[]) =>
    (await monitor.usersOf(identities)).filter((user) => !isListed(user));
  const identities = [...new Set([rotation.current.identity ?? rotation.pending.identity, rotation.pending.identity])];
  if ((await strangersTo(identities)).length === 0) return;
  for (const identity of identities) {
    const strangers = await strangersTo([identity]);
    const mayBeLeft = identity !== rotation.pending.identity && strangers.every(({ kind }) => kind === 'host');
    if (strangers.length === 0 || (mayBeLeft && identity === rotation.current.leaves)) continue;
    throw new Refusal(
      'IDENTITY_SHARED',
      `identity "${identity}" is also used by ${someOf(strangers)}, which ${rotation.secretName} does not list; list them as targets or give them an identity of their own` +
        (mayBeLeft ? `; to leave it to them, put "leaves": "${identity}" into the secret` : ''),
    );
  }
}

/** The first few by name: a sentence is for a human. */
function someOf(users: readonly Pick<Target, 'kind' | 'name'>[]): string {
  const shown = users.slice(0, 5).map(({ kind, name }) => `${kind === 'proxy' ? 'proxy ' : ''}"${name}"`);
  const others = users.length - shown.length;
  return `${shown.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}
