import { goingBackLabel, unrecordedLabel } from '../../lambda/contract.ts';
import { isOfAutoregistration } from '../../lambda/rotation/model.ts';
import type { Fact } from '../../lambda/rotation/ports.ts';
import { keptRecords } from '../fakes/kept-records.ts';
import { type FakeSecret, firstVersion } from '../fakes/secrets-manager.ts';
import { same } from '../fakes/site.ts';
import { everyFault } from './faults/every-fault.ts';
import { hasHalfAnExchange, isBeyondUs } from './limits.ts';
import type { Site } from './site.ts';
import { wordsOf } from './words.ts';

/** What must be true when a schedule has ended. The first five hold whatever befell; the sixth where every fault has healed. */
export const invariants = [
  'an agent that was reached is reached, or a stranded report names it',
  'never two keys promoted',
  'no key in any output',
  'every rotation that began has exactly one recorded end',
  'nothing waits past its deadline',
  'what heals leaves nothing behind',
] as const;
export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly says: string;
}

/** What was seen of a schedule from outside. */
export interface Seen {
  readonly begun: readonly { readonly secret: FakeSecret; readonly token: string }[];
  /** What the functions answered and threw. */
  readonly said: readonly unknown[];
  /** Invocations that Lambda had to end. */
  readonly overdue: number;
}

export function violations(site: Site, seen: Seen): readonly Violation[] {
  const [reached, promoted, noKey, oneEnd, inTime, nothingLeft] = invariants;
  const broken = (invariant: Invariant, found: readonly string[]) => found.map((says) => ({ invariant, says }));
  const kept = keptRecords(site.account.bucket);
  const heals = site.befell.every((name) => everyFault.find((fault) => fault.name === name)?.heals);
  return [
    ...broken(reached, unreached(site)),
    ...broken(
      promoted,
      site.secrets.flatMap((secret) => promotedTwice(secret, seen, site.account.facts)),
    ),
    ...broken(noKey, toldKeys(site, seen.said)),
    ...broken(
      oneEnd,
      seen.begun.flatMap(({ token }) => [
        ...endProblem(token, endsOf(token, site.account.facts)),
        ...endProblem(
          `${token} in the evidence bucket`,
          kept.records.filter(({ versionId }) => versionId === token),
        ),
      ]),
    ),
    ...broken(oneEnd, kept.problems),
    ...broken(
      oneEnd,
      seen.begun
        .filter(
          ({ token }) => kept.records.filter((one) => one.versionId === token && one.outcome !== 'stranded').length > 1,
        )
        .map(({ token }) => `the rotation ${token} has two records`),
    ),
    ...broken(inTime, seen.overdue === 0 ? [] : [`Lambda had to end ${seen.overdue} of our functions`]),
    ...broken(nothingLeft, heals ? leftOver(site) : []),
  ];
}

function endsOf(token: string, facts: readonly Fact[]): readonly { readonly outcome: unknown }[] {
  return facts
    .filter((fact) => fact.event === 'rotation.ended' && fact.token === token)
    .map(({ outcome }) => ({ outcome }));
}

function unreached(site: Site): readonly string[] {
  const { account, changedByHand, gone, befell } = site;
  const stranded = account.facts.filter(({ event, outcome }) => event === 'rotation.ended' && outcome === 'stranded');
  const found: string[] = [];
  const programs = account.nodes.flatMap((node) =>
    node.programs.map((host) => ({ host, lead: node.host, did: node.did })),
  );
  for (const { host, lead, did } of programs) {
    if (account.server.hears(host)) continue;
    if (stranded.some(({ because }) => String(because).includes(host.name))) continue;
    // Whoever changes one side by hand has parted them himself; a node that rebooted with an agent that is gone, too.
    if (changedByHand.has(host) || changedByHand.has(lead)) continue;
    if (gone.has(lead) && (befell.includes('a node is rebooted') || !did.includes('agent stopped'))) continue;
    if (isBeyondUs(host, site)) continue;
    found.push(`${host.name} is not reached, and nobody was told`);
  }
  return found;
}

/** AWSCURRENT has moved once for every rotation that ended as `rotated`, and for no other. One that was taken back has not moved it. */
function promotedTwice(secret: FakeSecret, { begun }: Seen, facts: readonly Fact[]): readonly string[] {
  const path = [firstVersion];
  for (const version of secret.promoted) {
    if (path.at(-2) === version) path.pop();
    else path.push(version);
  }
  const moved = path.slice(1);
  const rotated = begun
    .filter((one) => one.secret === secret)
    .map(({ token }) => token)
    .filter((token) => endsOf(token, facts).some(({ outcome }) => outcome === 'rotated'));
  const found = moved.filter((version, nth) => moved.indexOf(version) !== nth || !rotated.includes(version));
  return found.map((version) => `version ${version} was promoted, and its rotation did not end as rotated`);
}

function toldKeys({ account }: Site, said: readonly unknown[]): readonly string[] {
  const commands = account.systems.commands.map(({ values, reply }) => JSON.stringify([values, reply]));
  const kept = [...account.bucket.objects.values()].join('\n');
  const text = [JSON.stringify(account.facts), ...said.map(wordsOf), ...commands, kept].join('\n').toLowerCase();
  return [...account.secretsManager.keys.values()]
    .filter(
      (key) =>
        text.includes(key.reveal()) ||
        kept.includes(key.fingerprint) ||
        text.includes(Buffer.from(key.reveal(), 'hex').toString('base64').toLowerCase()),
    )
    .map(({ fingerprint }) => `the key ${fingerprint} was told`);
}

/**
 * The archive is told at least once, and two that take one rotation back both say so: `refused` and `rolled-back` are the same
 * end, the old key. `stranded` is a call for help, which the repair may answer.
 */
function endProblem(token: string, ends: readonly { readonly outcome: unknown }[]): readonly string[] {
  const told = ends.map(({ outcome }) => String(outcome));
  const settled = new Set(told.filter((outcome) => outcome !== 'stranded').map((outcome) => outcome === 'rotated'));
  if (settled.size === 1 || (settled.size === 0 && told.length > 0)) return [];
  return [`the rotation ${token} has ended as ${told.length === 0 ? 'nothing' : told.join(', ')}`];
}

function leftOver(site: Site): readonly string[] {
  const { account, secrets } = site;
  const found: string[] = [];
  for (const secret of secrets) {
    if (secret.unfinished !== undefined) found.push(`AWSPENDING is left on ${secret.secretName}`);
    for (const mark of [goingBackLabel, unrecordedLabel])
      if (secret.labelled(mark) !== undefined) found.push(`${mark} is left on ${secret.secretName}`);
    if (secret.waiting.length > 0) found.push(`a mark of waiting is left on ${secret.secretName}`);
    const { current } = secret;
    if (current !== undefined && isOfAutoregistration(current))
      for (const [side, credential] of Object.entries(account.server.autoregistration ?? {}))
        if (!same(credential, current)) found.push(`AWSCURRENT is not what is ${side} for autoregistration`);
    for (const { name } of current?.targets ?? []) {
      const host = account.hosts.find((one) => one.name === name);
      if (host === undefined || current === undefined || isBeyondUs(host, site)) continue;
      if (!same(host.stored, current)) found.push(`Zabbix does not hold AWSCURRENT for ${name}`);
      const node = account.nodes.find(({ programs }) => programs.includes(host));
      if (!same(host.onDisk, current) && !(node !== undefined && hasHalfAnExchange(node, site)))
        found.push(`the agent of ${name} is not on AWSCURRENT`);
      if (!account.server.hears(host)) found.push(`${name} is not reached`);
    }
  }
  const told = new Set(
    account.facts
      .filter(({ event }) => event === 'target.notForgotten' || event === 'target.notCalledOff')
      .map(({ target }) => target),
  );
  for (const node of account.nodes) {
    // A `prepare` that came when all was over leaves a pair of keys that nobody seals anything for; the next one clears it.
    const isPreparedLate =
      node.phase === 'prepared' && node.host.next === undefined && node.host.previous === undefined;
    if (
      !node.isClean &&
      !isPreparedLate &&
      !isBeyondUs(node.host, site) &&
      !node.programs.some(({ name }) => told.has(name))
    )
      found.push(`something is left on the node of ${node.host.name}`);
  }
  return found;
}
