import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './command.ts';
import { releases } from './release.ts';
import { debianRoot } from './root.ts';

const project = resolve(import.meta.dirname, '../..');
const folders = ['infra/documents/linux', 'test/lab', 'test/lab/root', 'test/lab/crash'];
const scripts = folders.flatMap((folder) =>
  readdirSync(join(project, folder)).flatMap((name) => (name.endsWith('.sh') ? [`${folder}/${name}`] : [])),
);

/**
 * What can only be known of a whole document: functions and variables that another part uses (SC2034, SC2119, SC2120, SC2317)
 * or assigns (SC2154).
 */
const excluded = 'SC2034,SC2119,SC2120,SC2154,SC2317';

test.each(scripts)('Debian’s shellcheck finds nothing in %s', async (script) => {
  const root = await debianRoot(releases['6.0']);
  // Parts of a document have no first line that names their shell.
  const shell = script.startsWith('infra/') ? ['--shell=sh'] : [];
  const input = readFileSync(join(project, script), 'utf8');
  const { stdout, stderr } = await run(['chroot', root, 'shellcheck', ...shell, `--exclude=${excluded}`, '-'], {
    input,
  });
  expect(stdout + stderr).toBe('');
});
