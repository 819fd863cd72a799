import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aChain } from '../lambda/reports/a-chain.ts';
import { everyFinding } from '../lambda/reports/every-finding.ts';

const program = resolve(import.meta.dirname, '../../cli/zabbix-psk.ts');
const waivers = {
  waivers: [
    { rule: 'not-covered', kind: 'host', name: 'not-covered', owner: 'ops', reason: 'goes', expires: '2027-01-31' },
  ],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  writeFileSync(join(folder, 'gathered.json'), JSON.stringify(everyFinding()));
  writeFileSync(join(folder, 'waivers.json'), JSON.stringify(waivers));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The command line as somebody types it, on a machine that knows of no AWS. */
function zabbixPsk(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: {},
  });
  return { status, said: `${stdout}${stderr}` };
}

test('writes a report from what was gathered, the same bytes each time, and finds it in order', () => {
  const from = ['report', '--from', 'gathered.json', '--waivers', 'waivers.json', '--to'];
  expect(zabbixPsk(...from, 'one').status).toBe(0);
  expect(zabbixPsk(...from, 'two').status).toBe(0);
  const manifest = (name: string) => readFileSync(join(folder, name, 'manifest.json'), 'utf8');
  expect(manifest('two')).toBe(manifest('one'));
  expect(zabbixPsk('report', '--verify', 'one')).toMatchObject({
    status: 0,
    said: expect.stringMatching(/^ok {7}.*\/one: 6 files as the manifest says, not signed\n$/),
  });
});

test('names what is wrong and ends with 1, also when only the folder of one secret is given', () => {
  for (const [name, bytes] of aChain('zabbix-psk/web-01', 3)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  expect(zabbixPsk('report', '--verify', 'records/zabbix-psk/web-01')).toMatchObject({
    status: 0,
    said: 'ok       records of zabbix-psk/web-01: 3, unbroken\n',
  });
  rmSync(join(folder, 'records/zabbix-psk/web-01/00000002.json'));
  expect(zabbixPsk('report', '--verify', 'records')).toMatchObject({
    status: 1,
    said: 'PROBLEM  records of zabbix-psk/web-01: 00000002.json is gone\n',
  });
});

test('says how it is called when it is called in another way', () => {
  expect(zabbixPsk('report')).toMatchObject({ status: 2, said: expect.stringContaining('report --verify <folder>') });
  expect(zabbixPsk('report', '--verify', 'nowhere')).toMatchObject({ status: 2, said: 'nowhere is not a folder\n' });
  expect(zabbixPsk('dance')).toMatchObject({ status: 2, said: 'commands: report\n' });
});
