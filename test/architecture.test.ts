import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .map((path) => join(folder, path));
}

/** What a file imports: packages by name, our own files by their path from the root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
  );
}

function offenders(folder: string, allowed: (imported: string) => boolean): string[] {
  return sources(folder).flatMap((file) =>
    importsOf(file)
      .filter((imported) => !allowed(imported))
      .map((imported) => `${file} imports ${imported}`),
  );
}

describe('dependencies point one way', () => {
  test('the story imports no SDK and no adapter', () => {
    const own = (imported: string) =>
      imported.startsWith('lambda/rotation/') || ['lambda/errors.ts', 'lambda/contract.ts'].includes(imported);
    expect(
      offenders('lambda/rotation', (imported) => own(imported) || ['node:crypto', 'node:util'].includes(imported)),
    ).toEqual([]);
  });

  test('the story reads no clock, no environment and no network', () => {
    const found = sources('lambda/rotation').filter((file) =>
      /Date\.now|new Date\(\)|process\.|fetch\(|setTimeout/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(found).toEqual([]);
  });

  test.each(['secrets', 'fleet', 'zabbix', 'evidence', 'kms'])('the adapter %s imports no other adapter', (adapter) => {
    const others = ['secrets', 'fleet', 'zabbix', 'evidence', 'kms']
      .filter((name) => name !== adapter)
      .map((name) => `lambda/${name}/`);
    expect(offenders(`lambda/${adapter}`, (imported) => !others.some((other) => imported.startsWith(other)))).toEqual(
      [],
    );
  });

  test('the report computes and writes on its own: it imports no SDK and no adapter but the form of the records', () => {
    const ofRecords = ['canonical', 'record', 'record-key'].map((name) => `lambda/evidence/${name}.ts`);
    const own = (imported: string) =>
      /^lambda\/(reports|rotation)\//.test(imported) ||
      ['lambda/errors.ts', 'lambda/quote.ts', 'lambda/contract.ts', ...ofRecords].includes(imported);
    expect(
      offenders(
        'lambda/reports',
        (imported) => own(imported) || ['zod/mini', 'node:crypto', 'node:fs'].includes(imported),
      ),
    ).toEqual([]);
  });

  test('infra/ and lambda/ share one contract file, and nothing imports test/', () => {
    const inLambda = (imported: string) => imported.startsWith('lambda/') && imported !== 'lambda/contract.ts';
    expect(offenders('infra', (imported) => !inLambda(imported) && !imported.startsWith('test/'))).toEqual([]);
    expect(offenders('lambda', (imported) => !imported.startsWith('infra/') && !imported.startsWith('test/'))).toEqual(
      [],
    );
  });
});

test('a key leaves its type in these places and nowhere else', () => {
  const places = sources('lambda').filter((file) => readFileSync(join(root, file), 'utf8').includes('.reveal()'));
  expect(places.sort()).toEqual([
    'lambda/evidence/fingerprint.ts',
    'lambda/fleet/seal.ts',
    'lambda/secrets/secret-value.ts',
    'lambda/zabbix/port-probe.ts',
    'lambda/zabbix/psk-fields.ts',
  ]);
});
