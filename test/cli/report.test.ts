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

/** AWS' command line in whose place this stands writes down what it was called with, and answers for Lambda. */
function anAws(answer: string, status = 0): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  const script = `#!/bin/sh\nPATH=/usr/bin:/bin\necho "$*" >'${bin}/words'\nfor last; do :; done\ncat "\${6#fileb://}" >'${bin}/event'\nprintf '%s' '${answer}' >"$last"\nexit ${status}\n`;
  writeFileSync(join(bin, 'aws'), script, { mode: 0o755 });
  return bin;
}

function ask(bin: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'report', '--ask', 'reporter', ...words], {
    encoding: 'utf8',
    env: { PATH: bin },
  });
  return { status, said: `${stdout}${stderr}` };
}

test('asks the report function by AWS’ own command line, and tells what it answers', () => {
  const bin = anAws('{"says":"2 of 3 encrypted","folder":"reports/2026-11-29T003000Z/"}');
  expect(ask(bin, '--days', '90')).toEqual({
    status: 0,
    said: '2 of 3 encrypted\nreports/2026-11-29T003000Z/ in the evidence bucket\n',
  });
  expect(readFileSync(join(bin, 'words'), 'utf8')).toMatch(/^lambda invoke --function-name reporter --payload fileb:/);
  expect(readFileSync(join(bin, 'event'), 'utf8')).toBe('{"report":{"days":90}}');
});

test('a report that was not made ends with 1 and the function’s own sentence', () => {
  const answer = '{"errorType":"Error","errorMessage":"Zabbix could not be asked"}';
  expect(ask(anAws(answer))).toEqual({ status: 1, said: 'Zabbix could not be asked\n' });
  expect(ask(anAws('', 254)).status).toBe(1);
  expect(ask(anAws(answer), '--days', 'many')).toMatchObject({
    status: 2,
    said: expect.stringMatching(/whole number/),
  });
});

test('says what to install where AWS’ command line is not there', () => {
  expect(ask('/nonexistent')).toMatchObject({
    status: 1,
    said: expect.stringMatching(/aws: .*; install its version 2/),
  });
});
