import { StillOpen, sentence, ZabbixUnreachable } from '../errors.ts';
import { type Deadline, timeToGoBackMs } from './deadline.ts';
import { autoregistration, type Rotation } from './model.ts';
import { give } from './move.ts';
import type { Ports } from './ports.ts';
import { reloadCaches } from './reload.ts';
import { rollBack } from './roll-back.ts';
import { waitUntilServerUses } from './wait.ts';

/**
 * Gives Zabbix the pending credential for agents that it does not know yet, and waits until the server takes it at its port.
 *
 * Whether an earlier try has given it nobody can say: Zabbix does not tell. So it is given again, which changes nothing, and whatever
 * goes wrong here is taken back, never told as a refusal: what can be refused was refused before the key was minted.
 */
export async function setAutoregistration(rotation: Rotation, ports: Ports, deadline: Deadline): Promise<void> {
  const { monitor, archive, clock, patience } = ports;
  const forward = deadline.reserving(timeToGoBackMs(patience));
  try {
    const { host } = await monitor.find(autoregistration, []);
    await give([{ target: autoregistration, host }], rotation, ports);
    const givenMs = clock.now().ms;
    await reloadCaches([host], rotation, ports, forward);
    await waitUntilServerUses(host, rotation.pending, 'port-probe', ports, forward.within(patience.serverWaitMs));
    await archive.append({
      event: 'target.switched',
      secretId: rotation.secretId,
      token: rotation.versionId,
      target: autoregistration.name,
      gate: 'port-probe',
      waitedMs: clock.now().ms - givenMs,
    });
  } catch (error) {
    // An update that was not answered may still be carried out; the next try gives the same key again.
    if (error instanceof ZabbixUnreachable)
      throw new StillOpen(
        `${sentence(error)}; the rotation stays open: Secrets Manager tries it again and gives the same key once more`,
        { cause: error },
      );
    return rollBack(rotation, error, ports, deadline);
  }
}
