import { GiveUnanswered, Refusal, sentence, TargetFailed, ZabbixUnreachable } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { chooseGate, isArmed, isAskedFromHere } from './gate.ts';
import { refuseUnlessPending } from './load.ts';
import type { Gate, MonitoredHost, NodeOutcome, Rotation, Target } from './model.ts';
import { byNode } from './node-mates.ts';
import type { Armed, Ports } from './ports.ts';
import type { Ready } from './preflight.ts';
import { calledProxy } from './proxy-before.ts';
import { reloadCaches } from './reload.ts';
import { sideBySide } from './side-by-side.ts';
import { waitUntilServerUses } from './wait.ts';
import { beginWaiting } from './waiting.ts';

/**
 * Arms the nodes, gives Zabbix the key, and follows: targets that must move in one call. Those behind a proxy that may take longer than
 * this invocation lasts are left to follow by themselves, and that they are waited for is written down.
 *
 * @param armed gains the names of the targets that wait for the server by themselves
 */
export async function move(
  together: readonly Ready[],
  rotation: Rotation,
  ports: Ports,
  forward: Deadline,
  armed: Set<string>,
): Promise<void> {
  const { fleet, monitor, archive, patience } = ports;
  const ids = { secretId: rotation.secretId, token: rotation.versionId };
  if (forward.remainingMs < patience.serverWaitMs) {
    throw new Refusal(
      'NO_TIME_LEFT',
      `too little time is left to move ${names(together)} and still be able to go back; put fewer targets into one secret`,
    );
  }

  const going = await sideBySide(byNode(together), async (mates): Promise<Going> => {
    const [{ target, host, prepared, slowProxy }] = mates;
    const gate = await chooseGate(host, prepared.gates, rotation, monitor);
    const whom = slowProxy === undefined ? 'server' : 'slow proxy';
    // A second switch would wait for the first, and a node runs only a few commands at once.
    const isWaiting = slowProxy !== undefined && prepared.rotation?.phase === 'armed';
    const arm = () => fleet.arm(target, rotation, prepared, gate, forward, whom);
    const waiting = isArmed(gate) && !isWaiting ? await arm() : undefined;
    if (waiting !== undefined || isWaiting) for (const { target } of mates) armed.add(target.name);
    for (const { target, proxy } of mates) {
      const whose = proxy === undefined ? { waitsFor: 'server' } : { waitsFor: 'proxy', proxy: calledProxy(proxy) };
      await archive.append({ event: 'target.ready', ...ids, target: target.name, node: target.node, gate, ...whose });
    }
    return { mates, gate, waiting };
  });

  await give(together, rotation, ports);
  const given = together.map(({ host }) => host);
  const slow = together.filter(({ slowProxy }) => slowProxy !== undefined);
  if (slow.length > 0) await beginWaiting(rotation, 'forward', slow, ports);
  // The nodes wait already, and a gate that is asked from here is asked meanwhile: only what is told of the reload comes later.
  await sideBySide(
    [
      () => reloadCaches(given, rotation, ports, forward),
      ...going
        .filter(({ mates: [{ slowProxy }] }) => slowProxy === undefined)
        .map((one) => () => follow(one, rotation, ports, forward)),
    ],
    (work) => work(),
  );
}

/** A target and how Zabbix describes it. */
interface Given {
  readonly target: Target;
  readonly host: MonitoredHost;
}

/** The targets of one node, on their way together. */
interface Going {
  readonly mates: readonly [Ready, ...Ready[]];
  readonly gate: Gate;
  /** Undefined: the node is told when the server has the key. */
  readonly waiting: Armed | undefined;
}

/** Gives Zabbix the pending credential, unless somebody takes this version back. */
export async function give(
  together: readonly Given[],
  rotation: Rotation,
  { secrets, monitor, archive }: Ports,
): Promise<void> {
  // Written down before it is done: a call that times out may have worked.
  await archive.append({
    event: 'zabbix.giving',
    secretId: rotation.secretId,
    token: rotation.versionId,
    targets: together.map(({ target }) => target.name),
    identity: rotation.pending.identity,
  });
  // Who has taken this version back meanwhile may be gone by the time we look again.
  refuseUnlessPending(await secrets.labels(rotation.secretId), rotation.versionId);
  try {
    await monitor.give(
      together.map(({ host }) => host),
      rotation.pending,
    );
  } catch (error) {
    if (!(error instanceof ZabbixUnreachable)) throw error;
    throw new GiveUnanswered(`${sentence(error)}; it may still have taken the new key of ${names(together)}`, {
      cause: error,
    });
  }
  // Who decides to go back marks the version first and looks at Zabbix then; we give first and look for the mark then. However
  // the two interleave, one of them sees the other.
  refuseUnlessPending(await secrets.labels(rotation.secretId), rotation.versionId);
}

async function follow(
  { mates, gate, waiting }: Going,
  rotation: Rotation,
  ports: Ports,
  forward: Deadline,
): Promise<void> {
  const [{ target, host, prepared }] = mates;
  const { fleet, monitor, archive, clock, patience } = ports;
  const givenAt = clock.now();
  // On a repeated try the agent may be on the new key already; then the keys agree for good.
  const moved = prepared.fingerprint === rotation.pending.key.fingerprint;
  if (isAskedFromHere(gate) && !moved) {
    await waitUntilServerUses(host, rotation.pending, gate, ports, forward.within(patience.serverWaitMs));
  }
  const waitedHereMs = clock.now().ms - givenAt.ms;
  const outcome = await fleet.follow(waiting ?? (await fleet.arm(target, rotation, prepared, gate, forward)), forward);
  refuseUnlessSwitched(target.name, outcome, rotation);
  for (const { target, host } of mates) {
    await archive.append({
      event: 'target.switched',
      secretId: rotation.secretId,
      token: rotation.versionId,
      target: target.name,
      node: target.node,
      gate,
      agentDownMs: outcome.account?.downMs,
      waitedMs: isAskedFromHere(gate) ? waitedHereMs : outcome.account?.waitedMs,
    });
    // A check that fell into the moment between the two keys costs the interface 15 s unless one is asked for now.
    if (host.witness !== undefined) await monitor.checkNow(host.witness);
  }
}

function refuseUnlessSwitched(
  name: string,
  outcome: NodeOutcome,
  rotation: Rotation,
): asserts outcome is Extract<NodeOutcome, { outcome: 'switched' | 'restored' }> {
  switch (outcome.outcome) {
    case 'switched':
    case 'restored':
      if (outcome.fingerprint === rotation.pending.key.fingerprint) return;
      throw new TargetFailed(
        'WRONG_KEY_IN_PLACE',
        name,
        `after the switch ${name} holds key ${outcome.fingerprint}, not the new one`,
      );
    case 'not-accepted':
      throw new TargetFailed('SERVER_DID_NOT_ACCEPT', name, `${name} was not switched: ${outcome.says}`);
    case 'agent-did-not-start':
      throw new TargetFailed('AGENT_DID_NOT_START', name, `${name} was not switched: ${outcome.says}`);
    case 'stranded':
      throw new TargetFailed('AGENT_STRANDED', name, `${name} was not switched: ${outcome.says}`);
  }
}

function names(given: readonly Given[]): string {
  return given.map(({ target }) => target.name).join(', ');
}
