/** Files of the project that the bench reads and writes, by path from its root. */
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export function read(path: string): string {
  return readFileSync(fromRoot(path), 'utf8');
}

/** The bench runs as root; what it writes belongs to whoever the project belongs to. */
export function write(path: string, content: string): void {
  const { uid, gid } = statSync(fromRoot('package.json'));
  const folder = dirname(path);
  mkdirSync(fromRoot(folder), { recursive: true });
  writeFileSync(fromRoot(path), content);
  for (const made of folder === '.' ? [path] : [folder, path]) chownSync(fromRoot(made), uid, gid);
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
