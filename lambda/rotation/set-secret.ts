import { GiveUnanswered, NodeUnreachable, Refusal, ServiceError, StillOpen, sentence } from '../errors.ts';
import { type Deadline, timeToGoBackMs } from './deadline.ts';
import { bindsKeyToHost, isArmed } from './gate.ts';
import { load } from './load.ts';
import { isOfAutoregistration, type Rotation } from './model.ts';
import { move } from './move.ts';
import { byNode, proxiesFirst } from './node-mates.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { preflight, type Ready } from './preflight.ts';
import { progress } from './progress.ts';
import { rollBack } from './roll-back.ts';
import { setAutoregistration } from './set-autoregistration.ts';
import { standDown } from './stand-down.ts';

/** Moves every target to the pending credential: prepare all, then arm, give, follow, the canary first. */
export async function setSecret(labels: SecretLabels, token: string, ports: Ports, deadline: Deadline): Promise<void> {
  const rotation = await load(labels, token, ports.secrets);
  if (isOfAutoregistration(rotation.pending)) return setAutoregistration(rotation, ports, deadline);
  const forward = deadline.reserving(timeToGoBackMs(ports.patience));
  /** Names of the targets whose nodes wait for the server by themselves. */
  const armed = new Set<string>();
  try {
    const ready = await preflight(rotation, ports, forward);
    for (const together of moves(rotation, ready)) await move(together, rotation, ports, forward, armed);
  } catch (error) {
    await endFailed(error, rotation, armed, ports, deadline, forward);
  }
}

/** What a failure means depends on how far Zabbix was told, and on who could be asked. */
async function endFailed(
  error: unknown,
  rotation: Rotation,
  armed: ReadonlySet<string>,
  ports: Ports,
  deadline: Deadline,
  forward: Deadline,
): Promise<never> {
  // An update that was not answered may still be carried out: the armed nodes stay armed, and follow if it is.
  if (error instanceof GiveUnanswered) throw stillOpen(error);
  // Zabbix may have the old key again already, and the nodes still be on their way.
  if (await isGoingBack(rotation, ports)) return rollBack(rotation, error, ports, deadline);
  const come = await progress(rotation, ports, deadline);
  if (come === 'unknown') throw stillOpen(error);
  if (come.given.size === 0) {
    const stood = await standDown(rotation, ports, deadline);
    // With an agent that has moved or is down there is more to tell, and to come back to, than a refusal leaves.
    const isUntouched = stood.every(({ stood }) => stood === 'untouched' || stood === 'not asked');
    if (isUntouched) throw stood.some((one) => mayHaveMoved(one, armed)) ? stillOpen(error) : asRefusal(error);
  }
  const followsByItself = error instanceof NodeUnreachable && armed.has(error.target) && come.given.has(error.target);
  if (followsByItself && !forward.passed) throw leftToFollow(error);
  return rollBack(rotation, error, ports, deadline);
}

/**
 * A node that waits for the server's word cannot have had it, but not every gate waits for that (`proxy-log`). Of a node that was not
 * armed either, `createSecret` has seen before a repeated try that no earlier one has moved its agent.
 */
function mayHaveMoved(
  { target, stood }: Awaited<ReturnType<typeof standDown>>[number],
  armed: ReadonlySet<string>,
): boolean {
  return stood === 'not asked' && armed.has(target.name);
}

async function isGoingBack({ secretId, versionId }: Rotation, { secrets }: Ports): Promise<boolean> {
  const { pending, goingBack } = await secrets.labels(secretId);
  return pending === versionId && goingBack === versionId;
}

/** Nothing can be undone while nobody can be asked. The token stays valid, so Secrets Manager's next try goes on from here. */
function stillOpen(error: unknown): StillOpen {
  return new StillOpen(
    `${sentence(error)}; the rotation stays open: Secrets Manager tries it again and goes on from there`,
    { cause: error },
  );
}

/** The host follows the server: taking the key away from it again, without a word from its node, could blind it. */
function leftToFollow(error: NodeUnreachable): StillOpen {
  return new StillOpen(
    `${error.message}; Zabbix holds the new key of ${error.target}, whose agent takes it up by itself when the server does; Secrets Manager tries the rotation again and goes on from there`,
    { cause: error },
  );
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = error instanceof ServiceError ? error.code : 'UNEXPECTED';
  return new Refusal(code, `${sentence(error)}; nothing was changed`, { cause: error });
}

/**
 * Targets that move in one call. With a new identity the first node is the canary; of the others, those that wait for the server by
 * themselves move together, since it takes up all their keys at once, and the rest one after the other, each told in its own time; last
 * those that are not waited for here. Nodes with a proxy have all moved before the first host does. With a fixed identity Zabbix has a
 * single key for all that share it, so they move together.
 */
function moves(rotation: Rotation, ready: readonly Ready[]): readonly (readonly Ready[])[] {
  if (rotation.pending.identityMode === 'fixed') return [ready];
  const isSlow = ({ slowProxy }: Ready) => slowProxy !== undefined;
  const { proxies, hosts } = proxiesFirst(byNode(ready.filter((one) => !isSlow(one))));
  const [canary, ...others] = [...proxies, ...hosts];
  const isLeft = (mates: Mates) => others.includes(mates);
  const all = [canary ?? [], ...inTurn(proxies.filter(isLeft)), ...inTurn(hosts.filter(isLeft)), ready.filter(isSlow)];
  return all.filter((move) => move.length > 0);
}

/** The targets of one node. */
type Mates = readonly [Ready, ...Ready[]];

/** Those that wait for the server by themselves at once, then each of the others. */
function inTurn(nodes: readonly Mates[]): readonly (readonly Ready[])[] {
  const waits = ([{ prepared }]: Mates) => prepared.gates.some((gate) => isArmed(gate) && bindsKeyToHost(gate));
  return [nodes.filter(waits).flat(), ...nodes.filter((mates) => !waits(mates))];
}
