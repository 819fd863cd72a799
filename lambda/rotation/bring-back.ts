import { Refusal, sentence, TargetFailed } from '../errors.ts';
import { bringAutoregistrationBack } from './bring-autoregistration-back.ts';
import type { Deadline } from './deadline.ts';
import { chooseGate, isArmed, isAskedFromHere } from './gate.ts';
import { matchFromZabbix } from './match-from-zabbix.ts';
import {
  type Gate,
  type Inspection,
  isOfAutoregistration,
  type MonitoredHost,
  type NodeTarget,
  onNodes,
  type Rotation,
} from './model.ts';
import { byNode } from './node-mates.ts';
import { onceMore } from './once-more.ts';
import type { Armed, Ports } from './ports.ts';
import { type Proof, prove } from './prove.ts';
import { proveByContact } from './prove-by-contact.ts';
import { proxyBefore } from './proxy-before.ts';
import { recordProof } from './record.ts';
import { reloadCaches } from './reload.ts';
import { sideBySide } from './side-by-side.ts';
import { slowProxyOf } from './slow-proxy.ts';
import { callOff } from './stand-down.ts';
import { findStored } from './stored-credential.ts';
import { untilAnswered } from './until-answered.ts';
import { waitUntilServerRefuses, waitUntilServerUses } from './wait.ts';
import { waitOnTheWayBack } from './waiting.ts';

/**
 * Arms `restore`, gives Zabbix the old key, and the hosts follow. A host that cannot be commanded is matched from Zabbix' side.
 *
 * @param begun whether an earlier try had begun already: then what looks untouched may be half way back
 * @param failures gains what went wrong on the way
 * @returns a proof for every target that may have moved: of the old key, or of the one that it had to be left on
 * @throws {StillWaiting} while a proxy may take longer to have the old key than this invocation lasts
 */
export async function bringBack(
  rotation: Rotation,
  begun: boolean,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<readonly Proof[]> {
  if (isOfAutoregistration(rotation.pending)) return [await bringAutoregistrationBack(rotation, ports, deadline)];
  const proofs = await bringBackTouched(rotation, begun, ports, deadline, failures);
  if (!(await isGivenLate(rotation, proofs, ports, deadline))) return proofs;
  const again = await bringBackTouched(rotation, begun, ports, deadline, failures);
  return [...proofs.filter(({ target }) => !again.some((one) => one.target === target)), ...again];
}

/** Who was about to give a key when the decision fell, and died before he saw it, gave it behind our back. */
async function isGivenLate(
  { current, pending }: Rotation,
  proofs: readonly Proof[],
  ports: Ports,
  deadline: Deadline,
): Promise<boolean> {
  for (const target of onNodes(pending.targets)) {
    if (proofs.some((proof) => proof.target === target)) continue;
    const ask = () => findStored(target, { current, pending }, ports.monitor);
    const { stored } = await untilAnswered(ask, ports, deadline);
    if (stored === 'pending') return true;
  }
  return false;
}

async function bringBackTouched(
  rotation: Rotation,
  begun: boolean,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<readonly Proof[]> {
  const touched = await findTouched(rotation, begun, ports, deadline, failures);
  await sideBySide(byNode(touched), async ([lead, ...mates]) => {
    await armMoved(lead, rotation, ports, deadline, failures);
    for (const mate of mates) mate.commandable = lead.commandable;
  });
  const returning = touched.filter(({ commandable }) => commandable || movesTogether(rotation));
  await giveBack(returning, rotation, ports, deadline);
  const given = returning.map(({ host }) => host);
  await sideBySide(
    [
      () => (given.length === 0 ? Promise.resolve() : reloadCaches(given, rotation, ports, deadline)),
      ...byNode(returning).map(
        ([lead]) =>
          () =>
            followBack(lead, rotation, ports, deadline, failures),
      ),
    ],
    (work) => work(),
  );
  const proofs = await sideBySide(touched, (one) => proveBack(one, rotation, ports, deadline, failures));
  const notBack = touched.filter((_, index) => proofs[index]?.verdict.verdict !== 'proven');
  await waitOnTheWayBack(
    notBack.filter(({ slowProxy }) => slowProxy !== undefined),
    rotation,
    ports,
  );
  return proofs;
}

/** A target that Zabbix has been given the new key for, or whose agent is on it or may be, or is down. */
interface Touched {
  readonly target: NodeTarget;
  readonly host: MonitoredHost;
  /** Undefined: its node could not be asked. */
  readonly inspection: Inspection | undefined;
  /** Its agent is on the new key. */
  readonly moved: boolean;
  /** The proxy that has the old key only when this invocation has ended. */
  readonly slowProxy: string | undefined;
  commandable: boolean;
  gate: Gate;
  armed: Armed | undefined;
}

/** With a fixed identity all that share it have one key in Zabbix: none of them can be left behind. */
function movesTogether({ pending }: Rotation): boolean {
  return pending.identityMode === 'fixed' && pending.targets.length > 1;
}

async function findTouched(
  rotation: Rotation,
  begun: boolean,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<readonly Touched[]> {
  const found = await sideBySide(onNodes(rotation.pending.targets), async (target) => {
    const inspection = await ports.fleet.inspect(target, rotation, deadline).catch((error: unknown) => {
      failures.push(error);
      return undefined;
    });
    const moved = inspection?.fingerprint === rotation.pending.key.fingerprint;
    const { host, stored } = await untilAnswered(() => findStored(target, rotation, ports.monitor), ports, deadline);
    const isTouched = begun || stored === 'pending' || moved || inspection === undefined || isRestarting(inspection);
    const commandable = inspection !== undefined;
    const mayBeSlow = host.behindProxy === 'slow' && ports.patience.proxyMs !== undefined;
    const proxy = mayBeSlow ? await untilAnswered(() => proxyBefore(host, ports.monitor), ports, deadline) : undefined;
    const slowProxy = slowProxyOf(host, proxy, ports);
    const one: Touched = { target, host, inspection, moved, slowProxy, commandable, gate: 'now', armed: undefined };
    return { ...one, isTouched };
  });
  // The programs of one node go back together.
  const nodes = byNode(found);
  const isTouched = (mates: (typeof nodes)[number]) => mates.some((one) => one.isTouched);
  await sideBySide(
    nodes.filter((mates) => !isTouched(mates)),
    ([{ target }]) => callOff(target, rotation, ports, deadline),
  );
  return nodes.filter(isTouched).flat();
}

/** An earlier try, which did not come to its end, may have left it so. */
function isRestarting({ running, rotation }: Inspection): boolean {
  return !running || rotation?.phase === 'switching';
}

/**
 * Somebody quicker may have ended this rotation, and the next one have begun: what Zabbix holds by now is not ours to take away,
 * unless it is this rotation's own key, given late.
 */
async function refuseIfReplaced(
  { secretId, secretName, versionId, current, pending }: Rotation,
  touched: readonly Touched[],
  { secrets, monitor }: Ports,
): Promise<void> {
  const labels = await secrets.labels(secretId).catch(() => undefined);
  const unfinished = labels?.pending;
  if (unfinished === undefined || unfinished === versionId) return;
  for (const { target } of touched) {
    const { stored } = await findStored(target, { current, pending }, monitor);
    if (stored === 'pending') continue;
    throw new Refusal(
      'NOT_PENDING',
      `version ${versionId} of ${secretName} has been taken back by somebody else, and ${unfinished} is on its way`,
    );
  }
}

/**
 * A node whose agent is on the new key, and that can see the server come back by itself, is armed before Zabbix is told. For
 * the others every second counts until Zabbix has the old key again: they get `restore` afterwards.
 */
async function armMoved(
  one: Touched,
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<void> {
  if (one.inspection === undefined) return;
  // What has not moved is only called off, and its agent let alone: whoever waited for the proxy here would wait too long.
  if (one.slowProxy !== undefined && !one.moved) return;
  try {
    one.gate = await chooseGate(one.host, one.inspection.gates, rotation, ports.monitor);
    if (!one.moved || !isArmed(one.gate)) return;
    const waitsFor = one.slowProxy === undefined ? 'server' : 'slow proxy';
    // A second restore would wait for the first, and a node runs only a few commands at once.
    if (waitsFor === 'slow proxy' && one.inspection.rotation?.phase === 'armed') return;
    one.armed = await onceMore(() => ports.fleet.armRestore(one.target, rotation, one.gate, deadline, waitsFor));
  } catch (error) {
    failures.push(error);
    // It would not follow: taking away the key that its agent is on could blind it.
    one.commandable = !one.moved;
  }
}

async function giveBack(
  returning: readonly Touched[],
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  if (returning.length === 0) return;
  await refuseIfReplaced(rotation, returning, ports);
  const hosts = returning.map(({ host }) => host);
  await ports.archive.append({
    event: 'zabbix.givingBack',
    secretId: rotation.secretId,
    token: rotation.versionId,
    targets: hosts.map(({ name }) => name),
    identity: rotation.current.identity,
  });
  await untilAnswered(() => ports.monitor.give(hosts, rotation.current), ports, deadline);
}

async function followBack(
  one: Touched,
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<void> {
  if (!one.commandable) return;
  // Armed by now, it follows its proxy by itself.
  if (one.slowProxy !== undefined && one.moved && isArmed(one.gate)) return;
  try {
    // Of one that is down or was cut short they tell nothing: its agent may not have read yet what lies in its key file.
    const keysTell = one.moved && one.inspection !== undefined && !isRestarting(one.inspection);
    if (keysTell && isAskedFromHere(one.gate)) {
      await waitAsLongAsItMayTake(one.host, one.gate, rotation, ports, deadline);
    }
    const restore = async () => {
      const armed = one.armed ?? (await ports.fleet.armRestore(one.target, rotation, one.gate, deadline));
      one.armed = undefined;
      return ports.fleet.follow(armed, deadline);
    };
    let { outcome } = await onceMore(restore);
    // An exchange that was cut short on the node is finished by the next restore.
    if (outcome === 'stranded') outcome = (await onceMore(restore)).outcome;
    await ports.archive.append({
      event: 'target.restored',
      secretId: rotation.secretId,
      token: rotation.versionId,
      target: one.target.name,
      outcome,
    });
  } catch (error) {
    failures.push(error);
  }
}

/**
 * Zabbix has had the old key for longer than its server takes to renew its cache: then it is taken to use it, also where the keys
 * of server and agent tell nothing, because an agent has not read yet what lies in its key file.
 */
async function waitAsLongAsItMayTake(
  host: MonitoredHost,
  gate: Parameters<typeof waitUntilServerUses>[2],
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<void> {
  const { current, pending } = rotation;
  const patient = deadline.within(ports.patience.serverWaitMs);
  try {
    if (current.key === undefined) await waitUntilServerRefuses(pending, ports, patient);
    else await waitUntilServerUses(host, current, gate, ports, patient);
  } catch (error) {
    if (!(error instanceof TargetFailed)) throw error;
    const ids = { secretId: rotation.secretId, token: rotation.versionId };
    await ports.archive.append({ event: 'server.notSeen', ...ids, target: host.name, because: sentence(error) });
  }
}

async function proveBack(
  one: Touched,
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
  failures: unknown[],
): Promise<Proof> {
  const { target } = one;
  if (one.slowProxy !== undefined) {
    // Another key than the old one in Zabbix would reach the proxy no sooner.
    const claim = { rotation, wanted: rotation.current, dead: undefined };
    const proof = await prove(target, claim, ports, deadline.within(ports.patience.proveMs));
    await recordProof(ports, rotation, proof);
    return proof;
  }
  // The server's cache may still hold the new key, and an active agent tries again only 60 s after a refused connection.
  const patient = deadline.within(ports.patience.serverWaitMs + ports.patience.proveMs);
  const claim = { rotation, wanted: rotation.current, dead: undefined };
  let asked = one.commandable || movesTogether(rotation) ? await prove(target, claim, ports, patient) : undefined;
  if (asked?.isExchanging === true) {
    // It had given its account before it was cut short. The next restore finishes it; a forget would too, and not see the agent up.
    await followBack({ ...one, moved: false }, rotation, ports, deadline, failures);
    asked = await prove(target, claim, ports, patient);
    if (asked.isExchanging === true) {
      await recordProof(ports, rotation, asked);
      return asked;
    }
  }
  let proof = asked;
  if (proof?.verdict.verdict !== 'proven' && !movesTogether(rotation))
    proof = (await matchFromZabbix(target, rotation, asked, ports, deadline)) ?? asked;
  if (proof === undefined || (proof.verdict.verdict === 'unknown' && proof.isExchanging !== true))
    proof = await proveByContact(target, claim, ports, deadline);
  await recordProof(ports, rotation, proof);
  return proof;
}
