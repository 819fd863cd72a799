import { beforeEach, describe, expect, test } from 'vitest';
import type { Bucket } from '../../../lambda/evidence/bucket.ts';
import { canonical, hashOf } from '../../../lambda/evidence/canonical.ts';
import { appendToChain, parseRecord } from '../../../lambda/evidence/chain.ts';
import type { EvidenceRecord } from '../../../lambda/evidence/record.ts';
import type { Place } from '../../../lambda/evidence/record-of.ts';
import { FakeBucket } from '../../fakes/bucket.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { Invocation } from '../../fakes/invocation.ts';
import { aRecord } from './a-record.ts';

const secretName = 'zabbix-psk/web-01';
const keyOf = (sequence: number) => `records/${secretName}/${String(sequence).padStart(8, '0')}.json`;

let s3: FakeBucket;
let bucket: Bucket;
beforeEach(() => {
  s3 = new FakeBucket();
  bucket = s3.of(new Invocation(new FakeClock()));
});

type Outcome = 'rotated' | 'rolled-back' | 'refused' | 'stranded';

const day = 86_400_000;
const noon = Date.UTC(2026, 5, 1, 12);

function end(token: string, outcome: Outcome = 'rotated', through: Bucket = bucket, atMs = noon) {
  const endedAt = new Date(atMs).toISOString();
  const write = ({ sequence, previous }: Place) => aRecord({ sequence, previous, versionId: token, outcome, endedAt });
  return appendToChain({ secretName, token, outcome, ended: { ms: atMs } }, write, through);
}

function records(): EvidenceRecord[] {
  return [...s3.objects.values()].map(parseRecord).filter((one) => one !== undefined);
}

/** The bucket, and the keys that are read through it. */
function counting(): { readonly got: readonly string[]; readonly counted: Bucket } {
  const got: string[] = [];
  const get = (key: string) => {
    got.push(key);
    return bucket.get(key);
  };
  return { got, counted: { ...bucket, get } };
}

test('each record names the bytes of the one before it', async () => {
  for (const token of ['first', 'second', 'third']) await end(token);

  expect([...s3.objects.keys()]).toEqual([keyOf(1), keyOf(2), keyOf(3)]);
  expect(records().map(({ previous }) => previous)).toEqual([
    null,
    hashOf(s3.objects.get(keyOf(1)) ?? ''),
    hashOf(s3.objects.get(keyOf(2)) ?? ''),
  ]);
});

test('an end that is told again is one record', async () => {
  expect(await end('first')).toBe(keyOf(1));
  expect(await end('first')).toBe(keyOf(1));
  expect(s3.objects.size).toBe(1);
});

test.each<[Outcome, Outcome, number]>([
  ['refused', 'rolled-back', 1],
  ['rolled-back', 'refused', 1],
  ['stranded', 'stranded', 1],
  ['stranded', 'rolled-back', 2],
  ['stranded', 'rotated', 2],
])('of one rotation %s and then %s make %i', async (first, second, expected) => {
  await end('one', first);
  await end('one', second);
  expect(records()).toHaveLength(expected);
});

test('who tells an end when the next rotation has ended already does not tell it twice', async () => {
  await end('first', 'rolled-back');
  await end('second', 'refused', bucket, noon + day / 24);
  expect(await end('first', 'rolled-back', bucket, noon + day / 12)).toBe(keyOf(1));
});

test('a rotation of every day looks at one record before it adds its own', async () => {
  const { got, counted } = counting();
  for (const nth of [1, 2, 3, 4]) await end(`${nth}`, 'rotated', counted, noon + nth * 2 * day);
  expect(got).toEqual([1, 2, 3].map(keyOf));
});

test('nothing is read beyond the record of the key that the rotation began with', async () => {
  for (const token of ['first', 'second', 'third']) await end(token);
  const { got, counted } = counting();
  const write = ({ sequence, previous }: Place) => aRecord({ sequence, previous, versionId: 'fourth' });
  const fourth = { secretName, token: 'fourth', outcome: 'rotated', ended: { ms: noon } } as const;
  await appendToChain(fourth, write, counted, ({ versionId }) => versionId === 'third');
  expect(got).toEqual([keyOf(3)]);
});

test('refusals between two rotations do not hide which record knew a key last', async () => {
  await end('first');
  const remembered: unknown[] = [];
  for (const nth of [1, 2, 3]) {
    const write = ({ sequence, previous, remembers }: Place) => {
      remembered.push(remembers?.versionId);
      return aRecord({ sequence, previous, versionId: `refused-${nth}`, outcome: 'refused', old: null, new: null });
    };
    const ended = { ms: noon + nth * 30 * day };
    await appendToChain({ secretName, token: `refused-${nth}`, outcome: 'refused', ended }, write, bucket);
  }
  expect(remembered).toEqual(['first', 'first', 'first']);
});

test('of two that write at the same time both have a place, and the chain has no fork', async () => {
  await Promise.all(['a', 'b', 'c', 'd'].map((token) => end(token, 'rotated', s3.of(new Invocation(new FakeClock())))));

  expect([...s3.objects.keys()].sort()).toEqual([1, 2, 3, 4].map(keyOf));
  const inOrder = [1, 2, 3, 4].map((sequence) => s3.objects.get(keyOf(sequence)) ?? '');
  expect(inOrder.map((bytes) => parseRecord(bytes)?.previous)).toEqual([null, ...inOrder.slice(0, 3).map(hashOf)]);
});

test('the chain of a secret whose name begins with that of another is its own', async () => {
  const nested = 'zabbix-psk/web-01/proxy';
  await appendToChain(
    { secretName: nested, token: 'other', outcome: 'rotated', ended: { ms: noon } },
    ({ sequence, previous }) => aRecord({ sequence, previous }),
    bucket,
  );
  expect(await end('first')).toBe(keyOf(1));
});

describe('what is no record', () => {
  test('and has the name of one does not end the chain: nothing can take it away', async () => {
    s3.objects.set(keyOf(1), 'spoilt');

    expect(await end('first')).toBe(keyOf(2));
    expect(records()[0]?.previous).toBe(hashOf('spoilt'));
  });

  test('nor one that does not follow the schema', async () => {
    s3.objects.set(keyOf(1), canonical({ ...aRecord(), targets: 'none' }));
    expect(await end('first')).toBe(keyOf(2));
  });
});

test('what S3 does not take is told', async () => {
  s3.refuses = 'S3 says AccessDenied';
  await expect(end('first')).rejects.toThrow('AccessDenied');
});
