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
