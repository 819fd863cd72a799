import { sentence } from '../errors.ts';
import type { Protection } from '../rotation/model.ts';
import type { Archive, Clock, RecordedEnd } from '../rotation/ports.ts';
import type { Bucket } from './bucket.ts';
import { appendToChain } from './chain.ts';
import type { Fingerprints } from './fingerprint.ts';
import type { EvidenceRecord } from './record.ts';
import { type Place, recordOf } from './record-of.ts';

/** One JSON object per fact, on one line of the function's log. Facts carry fingerprints; a key that strays in prints as one. */
export function logArchive(write: (line: string) => unknown, clock: Clock): Pick<Archive, 'append'> {
  return {
    append: async (fact) => void write(JSON.stringify({ at: new Date(clock.now().ms).toISOString(), ...fact })),
  };
}

export interface RecordsOptions {
  readonly bucket: Bucket;
  readonly fingerprints: () => Promise<Fingerprints>;
  readonly endedBy: EvidenceRecord['endedBy'];
  /** The Run Command document of a verb as it is now. */
  readonly document: (verb: 'switch' | 'restore') => Promise<NonNullable<EvidenceRecord['document']>>;
  readonly log: Pick<Archive, 'append'>;
}

/** Keeps the record of every rotation in the evidence bucket, chained to its predecessor of the same secret. */
export function keepRecords({ bucket, fingerprints, endedBy, document, log }: RecordsOptions): Pick<Archive, 'keep'> {
  /** A record without the document's version is worth more than none. */
  async function usedBy(end: RecordedEnd): Promise<EvidenceRecord['document']> {
    if (end.targets.every(({ node }) => node === undefined)) return null;
    try {
      return await document(end.outcome === 'rotated' ? 'switch' : 'restore');
    } catch (error) {
      await log.append({
        event: 'document.notDescribed',
        secretId: end.secretId,
        token: end.token,
        because: sentence(error),
      });
      return null;
    }
  }

  return {
    async keep(end) {
      const circumstances = { fingerprints: await fingerprints(), endedBy, document: await usedBy(end) };
      const write = (place: Place) => recordOf(end, place, circumstances);
      const key = await appendToChain(end, write, bucket, beganWith(end.exchanged.old, circumstances.fingerprints));
      await log.append({ event: 'record.kept', secretId: end.secretId, token: end.token, key });
    },
  };
}

/** Whether a record tells of the rotation that brought this key into use. */
function beganWith(old: Protection | undefined, { keyId, of }: Fingerprints): (record: EvidenceRecord) => boolean {
  const fingerprint = old?.key === undefined ? undefined : of(old.key);
  return ({ outcome, fingerprintKey, new: next }) =>
    outcome === 'rotated' && fingerprintKey === keyId && next !== null && next.fingerprint === fingerprint;
}
