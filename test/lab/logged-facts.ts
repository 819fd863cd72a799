import type { Cloud } from './aws/cloud.ts';

/** A line of the function's log that tells what happened. */
export interface LoggedFact {
  readonly at: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Oldest first; of one secret, by its name in the inventory, or of all. */
export function loggedFacts(cloud: Cloud, secret: string | undefined): readonly LoggedFact[] {
  return cloud.logs.flatMap(({ message }) => {
    const fact = parseFact(message);
    if (fact === undefined) return [];
    return secret === undefined || String(fact.secretId ?? '').includes(`:secret:zabbix-psk/${secret}-`) ? [fact] : [];
  });
}

function parseFact(line: string): LoggedFact | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return isFact(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function isFact(json: unknown): json is LoggedFact {
  return typeof json === 'object' && json !== null && 'event' in json && typeof json.event === 'string' && 'at' in json;
}
