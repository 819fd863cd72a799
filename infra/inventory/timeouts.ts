/** How long a rotation may wait, so that it can still go back. */
import type { Fields } from '../fields.ts';

/** All in whole seconds. */
export interface Timeouts {
  /** Longest wait for the server to accept the new key. */
  readonly serverWaitS: number;
  /** Longest wait for an agent to come up after its restart. */
  readonly agentStartS: number;
  /** Longest wait for fresh contact after the switch. */
  readonly proveTimeoutS: number;
}

/**
 * serverWaitS: twice the 60 s in which a 6.0 server reloads its configuration cache by default, and time for a large one.
 * agentStartS: both agents are up within a second; a host under load gets a generous multiple.
 * proveTimeoutS: an active agent whose first connection fails tries again after 60 s, its next value comes an interval later.
 */
const defaultTimeouts: Timeouts = { serverWaitS: 150, agentStartS: 20, proveTimeoutS: 120 };

export const mostServerWaitS = 400;
/** Lambda's own limit, in seconds. */
const functionTimeoutS = 900;
/** For everything that is not a wait of its own: preparing nodes, calls, the record. */
const functionReserveS = 60;

export function timeouts(fields: Fields | undefined): Timeouts {
  if (fields === undefined) return defaultTimeouts;
  const chosen: Timeouts = {
    serverWaitS: fields.wholeNumber('serverWaitS', 10, mostServerWaitS) ?? defaultTimeouts.serverWaitS,
    agentStartS: fields.wholeNumber('agentStartS', 5, 120) ?? defaultTimeouts.agentStartS,
    proveTimeoutS: fields.wholeNumber('proveTimeoutS', 10, 400) ?? defaultTimeouts.proveTimeoutS,
  };
  fields.refuseOthers();
  const neededS = longestRunS(chosen);
  if (neededS > functionTimeoutS) {
    fields.complainAboutAll(
      `must leave time to go back: switching and going back take up to ${neededS} s with ` +
        `serverWaitS ${chosen.serverWaitS}, agentStartS ${chosen.agentStartS}, proveTimeoutS ${chosen.proveTimeoutS}, ` +
        `but the function ends after ${functionTimeoutS} s; lower them.`,
    );
  }
  return chosen;
}

/** There and back: each way waits for the server, for an agent that starts late and is started once more, and for contact. */
function longestRunS({ serverWaitS, agentStartS, proveTimeoutS }: Timeouts): number {
  return 2 * (serverWaitS + 2 * agentStartS + proveTimeoutS) + functionReserveS;
}
