import { NodeExchanging, ServiceError, Stranded, sentence, TargetFailed } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { finishSecret } from './finish-secret.ts';
import { inspectSettled } from './inspect-settled.ts';
import { load } from './load.ts';
import { type NodeTarget, onNodes, type Rotation } from './model.ts';
import type { Ports, SecretLabels, Waiting } from './ports.ts';
import { recordEnd, withWait } from './record.ts';
import { rollBack } from './roll-back.ts';
import { sideBySide } from './side-by-side.ts';
import { findStored } from './stored-credential.ts';
import { proveAll, testSecret } from './test-secret.ts';
import { endWaiting, utc, waitsUntil } from './waiting.ts';

/**
 * Finishes a rotation that has waited, goes on waiting without a word of failure, or goes back. In place of the last step, in which
 * Secrets Manager would have AWSCURRENT moved: a rotation that waits is no failed one, and nobody is to be called for it.
 */
export async function carryOn(labels: SecretLabels, waiting: Waiting, ports: Ports, deadline: Deadline): Promise<void> {
  const { versionId } = waiting;
  const rotation = await load(labels, versionId, ports.secrets);
  const come = await lookAtWaiting(rotation, waiting, ports, deadline);
  switch (come.is) {
    case 'waiting':
      return;
    case 'failed':
      return rollBack(rotation, come.cause, ports, deadline);
    case 'moved':
      await testSecret(labels, versionId, ports, deadline);
      // Proving takes a while, in which the repair may have finished it.
      if ((await ports.secrets.labels(rotation.secretId)).current === versionId) return;
      await finishSecret(labels, versionId, ports, deadline);
      return endWaiting(rotation, labels, ports);
  }
}

/** How far the targets of a rotation that waits have come. */
export type Come =
  | { readonly is: 'moved' }
  | { readonly is: 'waiting'; readonly says: string }
  | { readonly is: 'failed'; readonly cause: TargetFailed };

/**
 * Asks nodes and Zabbix, and writes down what is still waited for.
 *
 * @throws {Stranded} when its time is over and somebody cannot be asked: his agent may be on the new key, so nothing is touched
 */
export async function lookAtWaiting(
  rotation: Rotation,
  waiting: Waiting,
  ports: Ports,
  deadline: Deadline,
): Promise<Come> {
  const { secretId, secretName, versionId } = rotation;
  const looks = await sideBySide(onNodes(rotation.pending.targets), (target) =>
    look(target, rotation, ports, deadline),
  );
  for (const one of looks) if (one.is === 'failed') return one;
  const left = looks.filter((one) => one.is !== 'moved');
  const [first] = left;
  if (first === undefined) return { is: 'moved' };

  const silent = await silentAmong(looks, rotation, ports, deadline);
  if (silent !== undefined) return { is: 'failed', cause: silent };

  const targets = left.map(({ target }) => target.name);
  const unasked = left.flatMap((one) => (one.is === 'not asked' ? [one.because] : []));
  if (ports.clock.now().ms < waiting.until.ms) {
    const until = utc(waiting);
    await ports.archive.append({ event: 'rotation.stillWaiting', secretId, token: versionId, until, targets, unasked });
    return { is: 'waiting', says: `${secretName} ${waitsUntil(waiting)} (${targets.join(', ')})` };
  }
  if (unasked.length > 0) return endStranded(rotation, waiting, { targets, unasked }, ports);
  const { name } = first.target;
  return {
    is: 'failed',
    cause: new TargetFailed(
      'PROXY_DID_NOT_ACCEPT',
      name,
      `the proxy that monitors ${name} had not taken up its key by ${utc(waiting)}; see that the server reaches the proxy, and its ProxyConfigFrequency`,
    ),
  };
}

/** Who has changed keys must be heard while others are waited for: an hour is too long for an agent to be missing. */
async function silentAmong(
  looks: readonly Look[],
  rotation: Rotation,
  ports: Ports,
  deadline: Deadline,
): Promise<TargetFailed | undefined> {
  const moved = looks.flatMap(({ is, target }) => (is === 'moved' ? [target] : []));
  return (await proveAll(moved, rotation, ports, deadline)).failed;
}

async function endStranded(
  { secretId, secretName, versionId, current, pending }: Rotation,
  waiting: Waiting,
  { targets, unasked }: { readonly targets: readonly string[]; readonly unasked: readonly string[] },
  ports: Ports,
): Promise<never> {
  const because = `${secretName} waited until ${utc(waiting)}, and nobody can say which key ${targets.join(', ')} is on by now: ${unasked.join('; ')}. Zabbix holds the new key and keeps it; the old one is AWSCURRENT, the new one AWSPENDING (version ${versionId}). The repair looks every hour and ends it when it gets an answer; {"rotate": "${secretName}", "abandon": "${versionId}"} tries to go back`;
  const end = { secretId, secretName, token: versionId, outcome: 'stranded', because, targets: [] } as const;
  await recordEnd(ports, withWait(end, waiting.until), { old: current, new: pending });
  throw new Stranded([], because);
}

type Look =
  | { readonly is: 'moved' | 'waiting'; readonly target: NodeTarget }
  | { readonly is: 'not asked'; readonly target: NodeTarget; readonly because: string }
  | { readonly is: 'failed'; readonly target: NodeTarget; readonly cause: TargetFailed };

async function look(target: NodeTarget, rotation: Rotation, ports: Ports, deadline: Deadline): Promise<Look> {
  const failed = (because: string): Look => {
    const says = `${target.name} is not waited for any more: ${because}`;
    return { is: 'failed', target, cause: new TargetFailed('WAIT_CUT_SHORT', target.name, says) };
  };
  try {
    const { stored } = await findStored(target, rotation, ports.monitor);
    if (stored === 'current' || stored === 'other') return failed('Zabbix does not hold its new key');
    const { fingerprint, rotation: found } = await inspectSettled(target, rotation, ports, deadline);
    const phase = found?.versionId === rotation.versionId ? found.phase : 'nothing of this rotation';
    if (phase === 'armed') return { is: 'waiting', target };
    if (fingerprint === rotation.pending.key.fingerprint) return { is: 'moved', target };
    return failed(
      `its node ${target.node} does not wait for the proxy (${phase} there); it has rebooted, or its agent did not start with the new key`,
    );
  } catch (error) {
    // Whatever finishes it does so on the way back.
    if (error instanceof NodeExchanging) return failed(error.message);
    // A node on its way up may look like one that nobody manages.
    if (!(error instanceof ServiceError)) throw error;
    return { is: 'not asked', target, because: sentence(error) };
  }
}
