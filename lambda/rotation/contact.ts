import { HostSilenced } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { Contact, Inspection, MonitoredHost, Witness } from './model.ts';
import type { Monitor, Ports } from './ports.ts';
import { until } from './wait.ts';

/**
 * A value that was asked for is in the API after 1.6–3 s, of an interface that was taken for silent after up to 5 s, and any other
 * about a second after it was taken. Milliseconds.
 */
const askedForMs = 3_000;
const askedForOfSilentMs = 5_000;
const shownAfterMs = 1_000;
const lookForContactEveryMs = 3_000;
/** A proxy sends what it has every second. */
export const deliveredWithinS = 5;
/** A polled item that comes at least this often is not asked for separately: its next value is as near. Seconds. */
export const oftenS = 10;

/**
 * Waits until Zabbix has heard from the agent after now.
 *
 * A polled value carries the server's clock, so `now` is the server's own; a value that the agent sends carries the node's,
 * so `now` is what the node's clock showed when it was inspected; one that a proxy polled carries the proxy's, which can only be estimated. A stored "available" flag is not contact: it keeps its last
 * value for about 50 s of failure.
 *
 * @throws {HostSilenced} while it is in a maintenance without data collection
 * @see docs/zabbix-versions.md#contact
 */
export async function waitForContact(
  host: MonitoredHost,
  inspection: Inspection | undefined,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
  giveUp: GiveUp = neverGivesUp,
): Promise<Contact> {
  const { witness } = host;
  if (witness === undefined) return { seen: 'unknown', because: noWitness };
  refuseSilenced(host);

  const afterS = Math.max(witness.lastS, nowS(host, witness, inspection));
  const from = clock.now().ms;
  const isSilent = host.reachable?.yes === false;
  const asked = (witness.everyS > oftenS || isSilent) && (await monitor.checkNow(witness));
  const comesWithinMs = isSilent ? askedForOfSilentMs : askedForMs;
  const firstLookMs = asked ? comesWithinMs : Math.min(witness.everyS, oftenS) * 1_000 + shownAfterMs;
  await clock.sleep(Math.min(firstLookMs, deadline.remainingMs));
  const seen = await until<Heard | 'gave up'>(
    async () => {
      const heard = await look(host, witness, monitor);
      if (heard.lastS > afterS) return heard;
      return (await giveUp()) ? 'gave up' : undefined;
    },
    lookForContactEveryMs,
    clock,
    deadline,
  );
  if (seen !== undefined && seen !== 'gave up') {
    const { lastS: atS, ...state } = seen;
    return { seen: 'value', item: witness.key, atS, afterS, clockOf: witness.clockOf, ...state };
  }
  const waitedS = Math.round((clock.now().ms - from) / 1000);
  const { reachable, silenced } = await monitor.refresh(host);
  refuseSilenced({ ...host, silenced });
  return { seen: 'none', waitedS, error: errorOf(reachable) };
}

function refuseSilenced({ name, silenced }: MonitoredHost): void {
  if (silenced)
    throw new HostSilenced(
      `host "${name}" is in a maintenance without data collection, so nothing can be heard of it until that ends`,
    );
}

export const noWitness =
  'it has no enabled item of at least one value every two minutes that comes over the encrypted connection; add agent.ping';

type Heard = { readonly lastS: number; readonly state?: 'online' };

/** Of a proxy that the server takes for offline a last access is no contact. */
async function look(host: MonitoredHost, witness: Witness, monitor: Monitor): Promise<Heard> {
  if (witness.kind === 'value') return { lastS: await monitor.lastValueS(witness) };
  const { witness: now, reachable } = await monitor.refresh(host);
  if (now === undefined || reachable?.yes === false) return { lastS: 0 };
  return { lastS: now.lastS, ...(reachable === undefined ? {} : { state: 'online' }) };
}

/** By the clock that the values carry. A node that could not be inspected has told no time: then any newer value must do. */
function nowS(
  { seen }: MonitoredHost,
  { clockOf, lastS, everyS }: Pick<Witness, 'clockOf' | 'lastS' | 'everyS'>,
  inspection: Inspection | undefined,
): number {
  if (clockOf === 'server') return seen.serverS;
  // Nobody can ask a proxy for its time. Its newest value was at most one interval old when it was delivered.
  if (clockOf === 'proxy') return lastS + everyS + deliveredWithinS;
  return inspection === undefined ? 0 : Math.ceil(inspection.clock.nodeMs / 1000);
}

/** Whether waiting has become pointless; asked at every look. */
export type GiveUp = () => Promise<boolean>;
export const neverGivesUp: GiveUp = async () => false;

/** Zabbix takes one failed check for 15 s of silence and then tries again: what fails for longer than that is no accident. Milliseconds. */
const failsForMs = 30_000;
const lookForErrorEveryMs = 6_000;

/**
 * At every gate but `now` the server had the key before the agent got it, so an interface that keeps failing afterwards is the
 * agent's own doing, and every second of waiting is a second without data.
 */
export function whenPollingKeepsFailing(
  host: MonitoredHost,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
): GiveUp {
  let lookedAtMs = clock.now().ms;
  let failingSinceMs: number | undefined;
  return async () => {
    const nowMs = clock.now().ms;
    if (nowMs - lookedAtMs < lookForErrorEveryMs) return false;
    lookedAtMs = nowMs;
    const { reachable } = await monitor.refresh(host);
    if (errorOf(reachable) === undefined) failingSinceMs = undefined;
    else failingSinceMs ??= nowMs;
    return failingSinceMs !== undefined && nowMs - failingSinceMs >= failsForMs;
  };
}

function errorOf(reachable: MonitoredHost['reachable']): string | undefined {
  return reachable?.yes === false ? reachable.error : undefined;
}
