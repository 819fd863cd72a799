import type { FakeNode } from '../fakes/node.ts';
import type { FakeHost } from '../fakes/site.ts';
import { slowCache } from './faults/zabbix.ts';
import type { Site } from './site.ts';

/**
 * What is known not to be survived: a node could not be asked, its host's key was proven by contact alone, nobody could see
 * which key the server used, and it renews its cache less often than `serverWaitS` waits, so that the contact may have come over the
 * other key.
 */
export function isBeyondUs({ name }: FakeHost, { account, befell }: Site): boolean {
  if (!befell.includes(slowCache)) return false;
  return account.facts.some(
    ({ event, target, evidence }) =>
      event === 'target.proven' && target === name && JSON.stringify(evidence).includes('is taken to renew its cache'),
  );
}

/** Its agent was taken back by contact while the node could not be asked, and what was cut short there is still on disk (docs/nothing-stranded.md). */
export function hasHalfAnExchange({ phase, programs }: FakeNode, { account }: Site): boolean {
  const names = new Set(programs.map(({ name }) => name));
  return (
    phase === 'switching' &&
    account.facts.some(({ event, target }) => event === 'target.notForgotten' && names.has(String(target)))
  );
}
