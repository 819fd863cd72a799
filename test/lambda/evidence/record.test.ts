import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toJSONSchema } from 'zod/mini';
import { canonical, hashOf } from '../../../lambda/evidence/canonical.ts';
import { recordShape } from '../../../lambda/evidence/record.ts';
import { recordKey, sequenceOf } from '../../../lambda/evidence/record-key.ts';
import { aRecord } from './a-record.ts';

const schemaFile = new URL('../../../docs/record.schema.json', import.meta.url);

test('the published schema is the one that records are read with; UPDATE_SCHEMA=1 writes it anew', () => {
  const schema = `${JSON.stringify({ title: 'Record of a rotation', ...toJSONSchema(recordShape, { io: 'input' }) }, null, 2)}\n`;
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(schemaFile, schema);
  expect(readFileSync(schemaFile, 'utf8')).toBe(schema);
});

test('a record is read as it was written', () => {
  expect(recordShape.parse(JSON.parse(canonical(aRecord())))).toEqual(aRecord());
});

test('the bytes of a record do not depend on the order of its fields', () => {
  const record = aRecord();
  const reversed = Object.fromEntries(Object.entries(record).reverse());
  expect(canonical(reversed)).toBe(canonical(record));
  expect(canonical({ b: [{ d: 1, c: undefined, a: '€"\n' }], a: null })).toBe('{"a":null,"b":[{"a":"€\\"\\n","d":1}]}');
});

test('a hash is that of the bytes', () => {
  expect(hashOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('the place in the chain is the name of the object', () => {
  expect(recordKey('zabbix-psk/web-01', 12)).toBe('records/zabbix-psk/web-01/00000012.json');
  expect(sequenceOf('records/zabbix-psk/web-01/00000012.json', 'zabbix-psk/web-01')).toBe(12);
});

test('what lies in the folder of a secret, or below it, and is no record of it has no place in its chain', () => {
  expect(sequenceOf('records/zabbix-psk/web-01/notes.txt', 'zabbix-psk/web-01')).toBeUndefined();
  expect(sequenceOf('records/zabbix-psk/site/web-01/00000001.json', 'zabbix-psk/site')).toBeUndefined();
});
