import { Refusal, StillOpen, sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { autoregistration, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { type Proof, prove } from './prove.ts';
import { recordProof } from './record.ts';
import { reloadCaches } from './reload.ts';
import { untilAnswered } from './until-answered.ts';

/**
 * Gives Zabbix the old key for autoregistration, whether or not it has been given the new one: nobody can ask it, and giving what
 * it holds changes nothing.
 */
export async function bringAutoregistrationBack(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<Proof> {
  const { patience } = ports;
  await refuseIfReplaced(rotation, ports);
  await giveBack(rotation, ports, deadline);
  const claim = { rotation, wanted: rotation.current, dead: rotation.pending };
  // The server's cache may still hold the new key.
  const proof = await prove(autoregistration, claim, ports, deadline.within(patience.serverWaitMs + patience.proveMs));
  await recordProof(ports, rotation, proof);
  // Who was about to give the new key when the decision fell, and died before he saw it, gave it behind our back.
  await giveBack(rotation, ports, deadline);
  return proof;
}

async function giveBack(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<void> {
  const { monitor, archive } = ports;
  await archive.append({
    event: 'zabbix.givingBack',
    secretId: rotation.secretId,
    token: rotation.versionId,
    targets: [autoregistration.name],
    identity: rotation.current.identity,
  });
  const host = await untilAnswered(
    async () => {
      const { host } = await monitor.find(autoregistration, []);
      await monitor.give([host], rotation.current);
      return host;
    },
    ports,
    deadline,
  );
  await reloadCaches([host], rotation, ports, deadline);
}

/**
 * Somebody quicker may have ended this rotation, and the next one have begun: what Zabbix holds by now is not ours to take away. Zabbix
 * does not tell whose it is, so only the labels do; and no agent is blind meanwhile.
 */
async function refuseIfReplaced(
  { secretId, secretName, versionId, currentVersionId }: Rotation,
  { secrets }: Ports,
): Promise<void> {
  const { pending, current } = await secrets.labels(secretId).catch((error: unknown) => {
    throw new StillOpen(
      `nobody could say whether version ${versionId} of ${secretName} is still pending (${sentence(error)}), so Zabbix was given nothing back; the rotation stays open`,
      { cause: error },
    );
  });
  const replacedBy = [pending, current].find(
    (one) => one !== undefined && one !== versionId && one !== currentVersionId,
  );
  if (replacedBy === undefined) return;
  throw new Refusal(
    'NOT_PENDING',
    `version ${versionId} of ${secretName} has been taken back by somebody else, and ${replacedBy} has taken its place`,
  );
}
