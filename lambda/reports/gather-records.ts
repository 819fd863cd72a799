import { recordsPrefix, reportsPrefix } from '../contract.ts';
import type { EvidenceRecord } from '../evidence/record.ts';
import { atMost } from './at-most.ts';
import { byCodeUnits } from './by-code-units.ts';
import { checkChain, type KnownEnd, type RecordFile } from './check-chain.ts';
import { type Chain, kinds, type Outcome, outcomes, type Recorded } from './gathered.ts';
import { manifestName, manifestShape } from './manifest.ts';
import type { Shelf } from './ports.ts';

/** Each is read object by object. S3 takes 5,500 reads a second for a prefix; with these the function's share of a core is the limit. */
const chainsAtATime = 48;

export interface GatheredRecords {
  readonly records: readonly Recorded[];
  readonly chains: readonly Chain[];
}

/**
 * The records of the period, and of each secret the one that tells since when its key is in use. Whether older ones are there is
 * seen by their names; that nobody has changed them, by reading all of them: `report --verify`.
 */
export async function gatherRecords(bucket: Shelf, from: string): Promise<GatheredRecords> {
  const [keys, known] = [await bucket.list(recordsPrefix), await lastReport(bucket)];
  const bySecret = Map.groupBy(keys, (key) => key.slice(recordsPrefix.length, key.lastIndexOf('/')));
  const secrets = [...new Set([...bySecret.keys(), ...known.keys()])].toSorted(byCodeUnits);
  const gathered = await atMost(chainsAtATime, secrets, async (secret) => {
    const files = await readBackwards(bySecret.get(secret) ?? [], bucket, from);
    const { found, ...chain } = checkChain(secret, files, known.get(secret) ?? []);
    // Only what a report needs is kept: whole records of a large estate would not fit.
    return { chain, records: found.map(toRecorded) };
  });
  return { records: gathered.flatMap(({ records }) => records), chains: gathered.map(({ chain }) => chain) };
}

/** The newest first, until the period is over and a rotation has told of a key; of the rest the names. */
async function readBackwards(keys: readonly string[], bucket: Shelf, from: string): Promise<readonly RecordFile[]> {
  const files: RecordFile[] = [];
  let enough = false;
  for (const key of keys.toSorted(byCodeUnits).toReversed()) {
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (enough) {
      files.push({ name });
      continue;
    }
    const text = await bucket.get(key);
    files.push({ name, bytes: Buffer.from(text) });
    enough = endedBefore(text, from) && text.includes('"outcome":"rotated"');
  }
  return files;
}

function endedBefore(text: string, from: string): boolean {
  const [, endedAt] = /"endedAt":"([^"]+)"/.exec(text) ?? [];
  return endedAt !== undefined && Date.parse(endedAt) < Date.parse(from);
}

/** Where the chains stood at the last report: who removes the newest records cannot remove what it says of them. */
async function lastReport(bucket: Shelf): Promise<ReadonlyMap<string, readonly KnownEnd[]>> {
  const manifests = (await bucket.list(reportsPrefix)).filter((key) => key.endsWith(`/${manifestName}`));
  const newest = manifests.toSorted(byCodeUnits).at(-1);
  if (newest === undefined) return new Map();
  const manifest = manifestShape.safeParse(JSON.parse(await bucket.get(newest)));
  return Map.groupBy(manifest.data?.chains ?? [], ({ secret }) => secret);
}

function toRecorded({
  sequence,
  secret,
  endedAt,
  outcome,
  endedBy,
  trigger,
  because,
  targets,
  new: minted,
}: EvidenceRecord): Recorded {
  return {
    secret: secret.name,
    sequence,
    at: endedAt,
    outcome:
      endedBy.task === 'repair' && outcome === 'rotated' ? 'repaired' : (outcomes.find(isCalled(outcome)) ?? 'other'),
    trigger,
    ...(because === null ? {} : { because }),
    targets: targets.flatMap(({ kind, name, uses, switchedAt }) => {
      const known = kinds.find((one) => one === kind);
      if (known === undefined) return [];
      const activated =
        outcome === 'rotated' && uses === 'new' ? (switchedAt ?? minted?.activatedAt ?? endedAt) : undefined;
      return [{ kind: known, name, ...(activated === undefined ? {} : { activated }) }];
    }),
  };
}

function isCalled(name: string): (outcome: Outcome) => boolean {
  return (outcome) => outcome === name;
}
