import { hashOf } from '../../lambda/evidence/canonical.ts';
import { parseRecord } from '../../lambda/evidence/chain.ts';
import type { EvidenceRecord } from '../../lambda/evidence/record.ts';
import { recordKey } from '../../lambda/evidence/record-key.ts';
import type { FakeBucket } from './bucket.ts';

/** What the bucket tells, secret by secret and oldest first, and what is wrong with its chains, in words. */
export function keptRecords({ objects }: FakeBucket): {
  readonly records: readonly EvidenceRecord[];
  readonly problems: readonly string[];
} {
  const records: EvidenceRecord[] = [];
  const problems: string[] = [];
  let before: { readonly secret: string; readonly bytes: string } | undefined;
  for (const [key, bytes] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const record = parseRecord(bytes);
    if (record === undefined) {
      problems.push(`${key} is no record`);
      continue;
    }
    const { name } = record.secret;
    const predecessor = before?.secret === name ? before : undefined;
    const sequence = predecessor === undefined ? 1 : (records.at(-1)?.sequence ?? 0) + 1;
    if (record.sequence !== sequence || key !== recordKey(name, sequence)) problems.push(`${key} is out of order`);
    if (record.previous !== (predecessor === undefined ? null : hashOf(predecessor.bytes)))
      problems.push(`${key} does not name the bytes before it`);
    records.push(record);
    before = { secret: name, bytes };
  }
  return { records, problems };
}
