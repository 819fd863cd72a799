import type { LoggedFact } from '../logged-facts.ts';
import type { Lane, Slot } from './lane.ts';

/** What functions and node told of a rotation, a line each with the seconds since it began: for a crash that did not end well. */
export function story({ deployment }: Lane, { secret, host, proxy }: Slot, sinceMs: number): readonly string[] {
  const { cloud } = deployment;
  const facts = deployment
    .facts()
    .filter(({ at }) => Date.parse(at) >= sinceMs)
    .map((fact) => ({ atMs: Date.parse(fact.at), says: inOneLine(fact) }));
  const functions = cloud.invocations
    .filter(({ atMs }) => atMs >= sinceMs)
    .map(({ atMs, durationMs, functionName, event, error }) => ({
      atMs: atMs + durationMs,
      says: `${functionName} ended ${JSON.stringify(event).slice(0, 200)} ${error?.errorMessage ?? ''}`,
    }));
  const names = [host.computerName, ...(proxy === undefined ? [] : [proxy.name])];
  const commands = cloud.commands
    .filter(({ requestedMs, comment }) => requestedMs >= sinceMs && names.some((name) => comment.includes(name)))
    .flatMap(({ comment, invocations }) =>
      [...invocations.values()].flatMap(({ status, steps }) =>
        steps.length === 0
          ? [{ atMs: sinceMs, says: `${comment}: ${status}` }]
          : steps.map(({ code, endedMs, stdout }) => ({
              atMs: endedMs,
              says: `${comment}: ${status} ${code} ${/"outcome":"[^"]*","says":"[^"]*"/.exec(stdout)?.[0] ?? stdout.slice(-200)}`,
            })),
      ),
    );
  return [...facts, ...functions, ...commands]
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(
      ({ atMs, says }) =>
        `${((atMs - sinceMs) / 1000).toFixed(1)} s ${says.replaceAll(`zabbix-psk/${secret}`, secret)}`,
    );
}

function inOneLine({ event, at: _, ...more }: LoggedFact): string {
  const { because, says, outcome, verdict, error } = more;
  return [event, outcome, because, says, verdict, error]
    .filter((part) => part !== undefined)
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    .join(' · ');
}
