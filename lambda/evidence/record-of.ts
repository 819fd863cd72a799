import { type Credential, fingerprintOf, type Protection, type Through } from '../rotation/model.ts';
import type { RecordedEnd } from '../rotation/ports.ts';
import type { AskedAgain, Judged, TargetRecord } from '../rotation/record.ts';
import type { Fingerprints } from './fingerprint.ts';
import type { EvidenceRecord } from './record.ts';
import { unhashed } from './unhashed.ts';

/** Where a record stands in its chain. */
export interface Place {
  readonly sequence: number;
  readonly previous: string | null;
  /** The newest record that knows a key; undefined: none does. */
  readonly remembers: EvidenceRecord | undefined;
}

/** What a record tells besides the end itself. */
export interface Circumstances {
  readonly fingerprints: Fingerprints;
  readonly endedBy: EvidenceRecord['endedBy'];
  readonly document: EvidenceRecord['document'];
}

type KeyRecord = NonNullable<EvidenceRecord['new']>;
type RecordedTarget = EvidenceRecord['targets'][number];
type RecordedProof = RecordedTarget['proof'];

/** The end of a rotation in the record's words. It takes the two credentials for their HMAC fingerprints and length, and nothing else of a key. */
export function recordOf(
  end: RecordedEnd,
  place: Place,
  { fingerprints, endedBy, document }: Circumstances,
): EvidenceRecord {
  const { exchanged, outcome } = end;
  const takes = exchanged.new?.takes;
  const known = [exchanged.old, exchanged.new].filter(isCredential);
  const hmacOf = new Map(known.map(({ key }) => [key.fingerprint, fingerprints.of(key)]));
  const told: Told = (sentence) => (sentence === undefined ? null : unhashed(sentence, hmacOf));
  const endedAt = isoOf(end.ended.ms);
  const switches = end.targets
    .map(switchedAt)
    .filter((at) => at !== null)
    .sort();
  const isRotated = outcome === 'rotated';
  const isOver = outcome === 'rolled-back' || outcome === 'refused';

  const described = (one: Protection | undefined, times: Pick<KeyRecord, 'activatedAt' | 'deactivatedAt'>) =>
    isCredential(one)
      ? { identity: one.identity, keyBytes: one.key.bytes, fingerprint: fingerprints.of(one.key), ...times }
      : null;
  const next = described(exchanged.new, {
    activatedAt: isRotated ? (switches[0] ?? null) : null,
    deactivatedAt: isOver ? endedAt : null,
  });
  const before = described(exchanged.old, {
    activatedAt: null,
    deactivatedAt: isRotated && !end.targets.some(isKept) ? (switches.at(-1) ?? null) : null,
  });
  return {
    format: 1,
    sequence: place.sequence,
    previous: place.previous,
    action: takes !== undefined ? 'first-encryption' : 'rotation',
    outcome,
    because: told(end.because),
    secret: { name: end.secretName, arn: end.secretId },
    versionId: end.token,
    trigger: end.askedFor ? 'rotate-event' : 'secrets-manager',
    endedAt,
    ...(end.waitedUntil === undefined ? {} : { waitedUntil: isoOf(end.waitedUntil.ms) }),
    endedBy,
    document,
    fingerprintKey: fingerprints.keyId,
    old: before === null ? null : { ...before, activatedAt: activatedAt(before, fingerprints, place.remembers) },
    new: next,
    ...(takes === undefined ? {} : { firstEncryption: { before: exchanged.new?.before ?? 'unencrypted', takes } }),
    targets: end.targets.map((one) => targetOf(one, exchanged, told)),
  };
}

function isCredential(one: Protection | undefined): one is Credential {
  return one?.key !== undefined;
}

/** Hosts still use the credential that was replaced. */
function isKept({ proofs }: TargetRecord): boolean {
  return proofs.oldKey === 'kept';
}

/** A sentence, as it may stand in a record. */
type Told = (sentence: string | undefined) => string | null;

/** The chain remembers since when the key before was in use. */
function activatedAt(
  { fingerprint }: KeyRecord,
  { keyId }: Fingerprints,
  remembers: EvidenceRecord | undefined,
): string | null {
  if (remembers?.fingerprintKey !== keyId) return null;
  const { old, new: next } = remembers;
  return [next, old].find((one) => one?.fingerprint === fingerprint)?.activatedAt ?? null;
}

function targetOf(one: TargetRecord, exchanged: RecordedEnd['exchanged'], told: Told): RecordedTarget {
  return {
    kind: one.kind,
    name: one.target,
    node: one.node ?? null,
    uses: one.to === exchanged.new?.key.fingerprint ? 'new' : 'old',
    gate: one.gate ?? null,
    serverWaitMs: wholeMs(one.serverWaitS === undefined ? undefined : one.serverWaitS * 1000),
    ...('behindProxy' in one.proofs || one.proxy !== undefined ? { behindProxy: true } : {}),
    ...(one.proxy === undefined ? {} : { proxy: one.proxy }),
    ...(one.reloads === undefined ? {} : { reloads: [...one.reloads] }),
    agentDownMs: wholeMs(one.agentDownMs),
    switchedAt: switchedAt(one),
    proof:
      'verdict' in one.proofs ? judged(one.proofs, one, exchanged, told) : askedAgain(one.proofs, one, exchanged, told),
  };
}

function switchedAt({ switchedAt: at }: TargetRecord): string | null {
  return at === undefined ? null : isoOf(Date.parse(at));
}

function judged(proof: Judged, { to }: TargetRecord, exchanged: RecordedEnd['exchanged'], told: Told): RecordedProof {
  const { verdict, node, stored, contact, through, oldKey, stillUsedBy, because } = proof;
  return {
    verdict,
    node: onNode(node, exchanged),
    zabbix: stored === 'wanted' ? whichKey(to, exchanged) : stored === 'untold' ? 'unknown' : stored,
    contact:
      contact.seen === 'value'
        ? {
            ...{ item: contact.item, at: isoOf(contact.atS * 1000), clockOf: contact.clockOf },
            ...(contact.state === undefined ? {} : { state: contact.state }),
          }
        : null,
    ...(through === undefined ? {} : { through: cameThrough(through, told) }),
    oldKey,
    ...(stillUsedBy === undefined ? {} : { stillUsedBy: [...stillUsedBy] }),
    because: told(because ?? basisOf(node)),
  };
}

function cameThrough(through: Through, told: Told): NonNullable<RecordedProof['through']> {
  switch (through.seen) {
    case 'value': {
      const { host, item, atS, clockOf } = through;
      return { host, item, at: isoOf(atS * 1000), clockOf, because: null };
    }
    case 'none': {
      const { host, item, waitedS } = through;
      const because =
        waitedS === 0
          ? 'its newest value was taken before the switch'
          : `no value came in ${waitedS} s, while the server was in contact with the proxy`;
      return { host, item, at: null, clockOf: null, because };
    }
    case 'nobody':
    case 'unknown':
      return { host: null, item: null, at: null, clockOf: null, because: told(through.because) };
  }
}

function onNode(node: Judged['node'], exchanged: RecordedEnd['exchanged']): RecordedProof['node'] {
  if ('byContact' in node) return 'by-contact';
  if ('none' in node) return 'none';
  return 'unknown' in node ? 'unknown' : whichKey(node.fingerprint, exchanged);
}

/** What stands in place of the node's word. */
function basisOf(node: Judged['node']): string | undefined {
  if ('byContact' in node) return node.byContact;
  if ('none' in node) return node.none;
  return 'unknown' in node ? node.unknown : undefined;
}

function askedAgain(
  proof: AskedAgain,
  { to }: TargetRecord,
  exchanged: RecordedEnd['exchanged'],
  told: Told,
): RecordedProof {
  const {
    fingerprintOnNode,
    oldKey = 'not-asked',
    storedInZabbix,
    lastValue,
    lastValueS = 0,
    lastValueClockOf,
  } = proof;
  const node = fingerprintOnNode === undefined ? 'unknown' : whichKey(fingerprintOnNode, exchanged);
  const claimed = whichKey(to, exchanged);
  const zabbix = storedInZabbix === undefined ? 'unknown' : storedInZabbix ? claimed : 'other';
  const contact =
    lastValue === undefined || lastValueClockOf === undefined || lastValueS === 0
      ? null
      : {
          ...{ item: lastValue, at: isoOf(lastValueS * 1000), clockOf: lastValueClockOf },
          ...(proof.state === undefined ? {} : { state: proof.state }),
        };
  const holds = node === claimed && zabbix === claimed && contact !== null;
  return {
    verdict: holds ? 'proven' : node === 'unknown' || zabbix === 'unknown' ? 'unknown' : 'silent',
    node,
    zabbix,
    contact,
    ...(proof.through === undefined ? {} : { through: cameThrough(proof.through, told) }),
    oldKey: oldKey === 'not-asked' ? unasked(exchanged, zabbix === claimed) : oldKey,
    because: told(proof.notAsked),
  };
}

/** Where it was not tried: an unencrypted door that was left open is not meant to be refused. */
function unasked({ new: next }: RecordedEnd['exchanged'], isReplaced: boolean): RecordedProof['oldKey'] {
  if (next?.takes === 'unencrypted-too') return 'none';
  return isReplaced ? 'replaced' : 'not-asked';
}

function whichKey(fingerprint: string, exchanged: RecordedEnd['exchanged']): 'old' | 'new' | 'other' {
  if (fingerprint === exchanged.new?.key.fingerprint) return 'new';
  return exchanged.old !== undefined && fingerprint === fingerprintOf(exchanged.old) ? 'old' : 'other';
}

/** A node's clock may have been set back while it measured. */
function wholeMs(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.max(0, Math.round(ms));
}

const year9999Ms = Date.UTC(9999, 11, 31);

/** A node's or a server's clock may show any year; ISO 8601 has four digits for it. */
function isoOf(ms: number): string {
  return new Date(Math.min(Math.max(0, ms), year9999Ms)).toISOString();
}
