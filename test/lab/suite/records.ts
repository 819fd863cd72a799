import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../../lambda/evidence/canonical.ts';
import { type EvidenceRecord, recordShape } from '../../../lambda/evidence/record.ts';
import { recordKey } from '../../../lambda/evidence/record-key.ts';
import type { Lab } from '../lab.ts';

interface Kept {
  readonly key: string;
  readonly bytes: string;
  readonly record: EvidenceRecord;
}

/** The records of one secret, in the order of their names; looked at from behind. @throws for what is no record */
export function keptOf(lab: Pick<Lab, 'cloud'>, secret: string): readonly Kept[] {
  return allKept(lab).filter(({ record }) => record.secret.name === `zabbix-psk/${secret}`);
}

function allKept({ cloud }: Pick<Lab, 'cloud'>): readonly Kept[] {
  const objects = [...cloud.world.buckets.values()].flatMap((bucket) => [...bucket.objects]);
  return objects
    .map(([key, versions]) => ({ key, bytes: versions.map(({ body }) => body).join('\n'), versions: versions.length }))
    .map(({ key, bytes }) => ({ key, bytes, record: recordShape.parse(JSON.parse(bytes)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Each has its place, and names the bytes of the one before it. */
export function expectWhole(chain: readonly Kept[]): void {
  expect(chain.map(({ key }) => key)).toEqual(
    chain.map(({ record }, index) => recordKey(record.secret.name, index + 1)),
  );
  expect(chain.map(({ record }) => record.previous)).toEqual([
    null,
    ...chain.slice(0, -1).map(({ bytes }) => hashOf(bytes)),
  ]);
}

/** After everything that went before in a lab: its records tell all of it, and every chain is whole. */
export function records(lab: () => Lab): void {
  describe('the records of the whole run', () => {
    test('are chains without a gap, one for each secret', () => {
      const bySecret = Map.groupBy(allKept(lab()), ({ record }) => record.secret.name);
      expect(bySecret.size).toBeGreaterThan(10);
      for (const chain of bySecret.values()) expectWhole(chain);
    });

    test('tell every end that the log tells, and no other', () => {
      const told = new Set(
        lab()
          .facts()
          .filter(({ event }) => event === 'rotation.ended')
          .map(({ token }) => String(token)),
      );
      expect(new Set(allKept(lab()).map(({ record }) => record.versionId))).toEqual(told);
    });

    test('name keys by HMAC only: no key, and no plain hash of one', () => {
      const text = allKept(lab())
        .map(({ bytes }) => bytes)
        .join('\n');
      const versions = [...lab().cloud.world.secrets.values()].flatMap((secret) => [...secret.versions.values()]);
      const keys = versions.flatMap(({ value }) => /"psk":"([0-9a-f]{32,512})"/.exec(value?.string ?? '')?.[1] ?? []);
      expect(keys.length).toBeGreaterThan(20);
      const hash = (psk: string) => createHash('sha256').update(psk).digest('hex').slice(0, 12);
      expect(keys.filter((psk) => text.includes(psk) || text.includes(hash(psk))).map(hash)).toEqual([]);
    });
  });
}
