import { canonical, hashOf } from '../../../lambda/evidence/canonical.ts';
import type { EvidenceRecord } from '../../../lambda/evidence/record.ts';
import { recordKey } from '../../../lambda/evidence/record-key.ts';
import { aRecord } from '../evidence/a-record.ts';

/** The records of one secret as they lie in the bucket, each naming the one before it. */
export function aChain(secretName: string, length: number, changes: Partial<EvidenceRecord> = {}): Map<string, string> {
  const files = new Map<string, string>();
  let previous: string | null = null;
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const secret = { ...aRecord().secret, name: secretName };
    const bytes: string = canonical(aRecord({ ...changes, sequence, previous, secret }));
    files.set(recordKey(secretName, sequence), bytes);
    previous = hashOf(bytes);
  }
  return files;
}
