import { Refusal } from '../errors.ts';
import type { AskedPlace } from './model.ts';
import type { Monitor } from './ports.ts';
import type { Ready } from './preflight.ts';

/**
 * An agent has one key for every place that it reports to: changed for this Zabbix, it is cut off from any other that has the same one.
 * A place that refuses the present key hears nothing of the agent today and loses nothing. One that could not be asked may only be down.
 *
 * @returns what speaks against changing the key, naming the places
 */
export function reportsElsewhere(
  { target, host, prepared }: Ready,
  { isOwn }: Pick<Monitor, 'isOwn'>,
): Refusal | undefined {
  const places = answers(prepared.places);
  const notRefusing = places.filter(({ said, place }) => said !== 'refused' && !isOwn(place));
  const knowsOwn = places.some(({ place }) => isOwn(place));
  // Some place is this Zabbix. Where the inventory names none of them, the only one that is left can be no other.
  if (notRefusing.length === 0 || (notRefusing.length === 1 && !knowsOwn)) return undefined;
  const named = notRefusing.map(
    ({ place, said }) => `${place} (${said === 'accepted' ? 'takes its present key' : 'could not be asked'})`,
  );
  return new Refusal(
    'REPORTS_ELSEWHERE',
    `the agent of host "${host.name}" on ${target.node} reports to ${named.join(' and ')}, and ${knowsOwn ? 'that is not known to belong to this Zabbix' : 'which of them belong to this Zabbix is not known'}: with a new key it would be cut off from any other; name what belongs to this Zabbix in zabbix.places of the inventory, and for any other take it out of ServerActive or let an agent with a key of its own report there`,
  );
}

/** What the shadow agent heard comes first: zabbix_sender does not notice a key that the server knows as another host's. */
function answers(asked: readonly AskedPlace[]): readonly AskedPlace[] {
  const first = new Map<string, AskedPlace>();
  for (const one of asked) {
    const before = first.get(one.place)?.said;
    if (before !== 'accepted' && before !== 'refused') first.set(one.place, one);
  }
  return [...first.values()];
}
