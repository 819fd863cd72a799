import { ServiceError, sentence } from '../errors.ts';
import { deliveredWithinS, oftenS } from './contact.ts';
import type { Deadline } from './deadline.ts';
import type { Inspection, MonitoredHost, Through, Witness } from './model.ts';
import type { HostBehind, Ports } from './ports.ts';
import { until } from './wait.ts';

const lookEveryMs = 3_000;
/** A proxy that has been without its server, for a renewal of the server's cache say, sends what it has kept, the oldest first. Seconds. */
const mayLagS = 60;

/**
 * Waits for a value of a host behind a proxy that is in contact, taken after now by the clock that it carries.
 *
 * What comes shows that the proxy brings what it collects. What does not come shows nothing of the proxy's key: the server has just been
 * in contact over it, and a host falls silent for reasons of its own. So the verdict does not depend on it, and going back would not mend it.
 *
 * @param inspection of the proxy's own node, whose clock is on what the proxy polls
 */
export async function waitForValueThrough(
  proxy: MonitoredHost,
  inspection: Inspection,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
): Promise<Through> {
  return ofHeardHost(proxy, inspection, monitor, async ({ name, witness }) => {
    const { everyS, lastS } = witness;
    // Nobody can ask that agent for its time. Its newest value was at most one interval old when it was delivered.
    const afterS = witness.clockOf === 'agent' ? lastS + everyS + deliveredWithinS : nowS(inspection);
    const fromMs = clock.now().ms;
    if (everyS > oftenS) await monitor.checkNow(witness);
    const look = async () => {
      const newestS = await monitor.lastValueS(witness);
      return newestS > afterS ? newestS : undefined;
    };
    const atS = await until(look, lookEveryMs, clock, deadline.within((everyS + mayLagS) * 1000));
    if (atS !== undefined) return came(name, witness, atS, afterS);
    return { seen: 'none', host: name, item: witness.key, waitedS: Math.round((clock.now().ms - fromMs) / 1000) };
  });
}

/** The same without waiting, for the record of a rotation whose proof came before: the newest value since the proxy changed. */
export async function newestThrough(
  proxy: MonitoredHost,
  inspection: Inspection,
  { monitor }: Pick<Ports, 'monitor'>,
): Promise<Through> {
  const since = inspection.lastSwitch?.listening ?? inspection.clock;
  return ofHeardHost(proxy, inspection, monitor, async ({ name, witness }) => {
    // That it has been heard of within its interval is all that an agent's clock tells.
    const afterS = witness.clockOf === 'agent' ? 0 : Math.ceil(since.nodeMs / 1000);
    if (witness.lastS > afterS) return came(name, witness, witness.lastS, afterS);
    return { seen: 'none', host: name, item: witness.key, waitedS: 0 };
  });
}

function came(host: string, { key: item, clockOf }: Witness, atS: number, afterS: number): Through {
  return { seen: 'value', host, item, atS, afterS, clockOf: clockOf === 'agent' ? 'agent' : 'proxy' };
}

/** It decides nothing, so that what hinders asking is told and the proof goes on. */
async function ofHeardHost(
  proxy: MonitoredHost,
  inspection: Inspection,
  monitor: Pick<Ports['monitor'], 'hostsBehind'>,
  ask: (host: HostBehind) => Promise<Through>,
): Promise<Through> {
  try {
    const hosts = await monitor.hostsBehind(proxy);
    const heard = heardOf(hosts, proxy, inspection);
    return heard === undefined ? { seen: 'nobody', because: whyNobody(hosts) } : await ask(heard);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { seen: 'unknown', because: sentence(error) };
  }
}

/** A host that was heard of within its interval; what the proxy itself polls first, since its clock is known. */
function heardOf(
  hosts: readonly HostBehind[],
  { seen }: MonitoredHost,
  inspection: Inspection,
): HostBehind | undefined {
  // An agent whose clock is off by more than it may lag is passed over.
  const silentForS = ({ clockOf, lastS }: Witness) =>
    Math.abs((clockOf === 'agent' ? seen.serverS : nowS(inspection)) - lastS);
  const [first] = hosts
    .filter(({ witness }) => silentForS(witness) <= witness.everyS + mayLagS)
    .toSorted(
      ({ witness: a }, { witness: b }) =>
        Number(a.clockOf === 'agent') - Number(b.clockOf === 'agent') || a.everyS - b.everyS || b.lastS - a.lastS,
    );
  return first;
}

function whyNobody(hosts: readonly HostBehind[]): string {
  if (hosts.length === 0)
    return 'no host behind it that the API user may see has an agent item of one value every two minutes';
  const names = hosts.map(({ name }) => name).join(', ');
  return `of the hosts behind it that were looked at none was heard of within its interval (${names})`;
}

function nowS({ clock }: Pick<Inspection, 'clock'>): number {
  return Math.ceil(clock.nodeMs / 1000);
}
