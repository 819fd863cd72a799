import { hashOf } from '../evidence/canonical.ts';
import { type EvidenceRecord, recordShape } from '../evidence/record.ts';
import type { Chain } from './gathered.ts';

/** An object or file of a secret's folder, by its name without the folder. */
export interface RecordFile {
  readonly name: string;
  /** Undefined: it is there, and nobody has read it. */
  readonly bytes?: Uint8Array;
}

/** Where a chain stood when a report was made. Only this shows that the last record is another one or gone. */
export type KnownEnd = Pick<Chain, 'records' | 'head'>;

export interface CheckedChain extends Chain {
  readonly found: readonly EvidenceRecord[];
}

/** Both undefined: not read. */
interface Link {
  readonly hash: string | undefined;
  readonly record: EvidenceRecord | undefined;
}

const recordName = /^(\d{8})\.json$/;

/**
 * Reads the records of one secret and checks that they are a chain: numbered without gaps from 1, each in its place, each naming
 * the bytes of the one before it. What is wrong is told by the name of the file that it is wrong with.
 */
export function checkChain(
  secret: string,
  files: readonly RecordFile[],
  known: readonly KnownEnd[] = [],
): CheckedChain {
  const links = new Map<number, Link>();
  const strangers: string[] = [];
  for (const { name, bytes } of files) {
    const [, digits] = recordName.exec(name) ?? [];
    if (digits === undefined) strangers.push(name);
    else if (bytes === undefined) links.set(Number(digits), { hash: undefined, record: undefined });
    else links.set(Number(digits), { hash: hashOf(bytes), record: parse(bytes) });
  }
  const last = Math.max(0, ...known.map(({ records }) => records), ...links.keys());
  const places = Array.from({ length: last }, (_, index) => index + 1);
  const head = links.get(last)?.hash;
  return {
    secret,
    records: links.size,
    ...(head === undefined ? {} : { head }),
    problems: [
      ...strangers.map((name) => `${name} is no record and does not belong here`),
      ...places.flatMap((place) => problemsAt(place, links, secret)),
      ...known.flatMap(({ records, head }) => sinceReport(records, head, links)),
    ],
    found: places.flatMap((place) => links.get(place)?.record ?? []),
  };
}

function problemsAt(place: number, links: ReadonlyMap<number, Link>, secret: string): readonly string[] {
  const link = links.get(place);
  if (link === undefined) return [`${nameOf(place)} is gone`];
  const { record } = link;
  if (link.hash === undefined) return [];
  if (record === undefined) return [`${nameOf(place)} is not a record any more`];
  if (record.secret.name !== secret) return [`${nameOf(place)} is a record of ${record.secret.name}`];
  if (record.sequence !== place)
    return [`${nameOf(place)} says that it is record ${record.sequence}: it was put in another order`];
  if (place === 1)
    return record.previous === null
      ? []
      : [`${nameOf(1)} names a record before it: the beginning of the chain is gone`];

  const before = links.get(place - 1);
  // What is gone or in another order was told at its own place.
  if (before === undefined || before.record?.sequence !== place - 1 || record.previous === before.hash) return [];
  // The next record names this one's bytes as they are, so it is not this one that is another.
  if (links.get(place + 1)?.record?.previous === link.hash) return [`${nameOf(place - 1)} has been changed`];
  return [`${nameOf(place - 1)} or ${nameOf(place)} has been changed: the second was written after other bytes`];
}

function sinceReport(place: number, head: string | undefined, links: ReadonlyMap<number, Link>): readonly string[] {
  const found = links.get(place);
  if (found?.hash === undefined || head === undefined || found.hash === head) return [];
  return [`${nameOf(place)} has been changed since the report that names it was made`];
}

function nameOf(sequence: number): string {
  return `${String(sequence).padStart(8, '0')}.json`;
}

function parse(bytes: Uint8Array): EvidenceRecord | undefined {
  try {
    return recordShape.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).data;
  } catch {
    return undefined;
  }
}
