import type { RecordedEnd } from '../rotation/ports.ts';
import type { Bucket } from './bucket.ts';
import { canonical, hashOf } from './canonical.ts';
import { type EvidenceRecord, recordShape } from './record.ts';
import { recordFolder, recordKey, sequenceOf } from './record-key.ts';
import type { Place } from './record-of.ts';

/** More writers of one secret's chain at a time than there ever are: a rotation, its retry, the repair, a human. */
const mostTries = 8;
/** Two that take one rotation back may tell it hours apart, with the next rotation between: Secrets Manager's longest window is a day. */
const toldTwiceWithinMs = 24 * 60 * 60_000;
/** Refusals know no key; more of them in a row are not worth the calls. */
const mostLooksBack = 10;

/**
 * Puts a record at the end of its secret's chain. Whoever comes second to one place of the chain takes the next; an end that the
 * chain tells already is not told again.
 *
 * @param write the record for its place
 * @param beganWith told of the key that the rotation began with: nothing of this rotation stands before such a record, since no
 *   key is minted while the rotation before has none
 * @returns the key of the object that tells this end
 */
export async function appendToChain(
  end: End,
  write: (place: Place) => EvidenceRecord,
  bucket: Bucket,
  beganWith: (record: EvidenceRecord) => boolean = () => false,
): Promise<string> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { last, told, remembers } = await lookBack(end, bucket, beganWith);
    if (told !== undefined) return told;
    const sequence = (last === undefined ? 0 : (sequenceOf(last.key, end.secretName) ?? 0)) + 1;
    const key = recordKey(end.secretName, sequence);
    const previous = last === undefined ? null : hashOf(last.bytes);
    if (await bucket.putNew(key, canonical(write({ sequence, previous, remembers })))) return key;
  }
  throw new Error(`${mostTries} others were quicker to write the next record of ${end.secretName}`);
}

type End = Pick<RecordedEnd, 'secretName' | 'token' | 'outcome' | 'ended'>;

interface LookedBack {
  readonly last: { readonly key: string; readonly bytes: string } | undefined;
  /** Key of the object that tells this end already. */
  readonly told: string | undefined;
  /** The newest record that knows a key. */
  readonly remembers: EvidenceRecord | undefined;
}

/** From the newest record back, for as long as one of them may tell this end or none has told of a key. */
async function lookBack(end: End, bucket: Bucket, beganWith: (record: EvidenceRecord) => boolean): Promise<LookedBack> {
  const keys = (await bucket.list(recordFolder(end.secretName)))
    .filter((key) => sequenceOf(key, end.secretName) !== undefined)
    .reverse();
  let last: LookedBack['last'];
  let remembers: EvidenceRecord | undefined;
  for (const key of keys.slice(0, mostLooksBack)) {
    const bytes = await bucket.get(key);
    last ??= { key, bytes };
    // An object that holds no record has its place in the chain all the same: nothing can take it away.
    const record = parseRecord(bytes);
    if (record === undefined) continue;
    if (isSameEnd(record, end)) return { last, told: key, remembers };
    if (record.old !== null || record.new !== null) remembers ??= record;
    const isLongAgo = end.ended.ms - Date.parse(record.endedAt) > toldTwiceWithinMs;
    if ((isLongAgo && remembers !== undefined) || beganWith(record)) break;
  }
  return { last, told: undefined, remembers };
}

/** @returns undefined for what is no record as docs/record.schema.json describes it */
export function parseRecord(bytes: string): EvidenceRecord | undefined {
  try {
    return recordShape.safeParse(JSON.parse(bytes)).data;
  } catch {
    return undefined;
  }
}

/** `refused` and `rolled-back` are the same end, the old key: two that take one rotation back may both come to tell it. */
function isSameEnd(told: EvidenceRecord, { token, outcome }: End): boolean {
  const wentBack = ['refused', 'rolled-back'];
  return (
    told.versionId === token &&
    (told.outcome === outcome || (wentBack.includes(told.outcome) && wentBack.includes(outcome)))
  );
}
