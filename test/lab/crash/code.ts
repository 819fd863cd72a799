/** Which code a crash was tried on: what runs as functions and on nodes. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = new URL('../../../', import.meta.url);
const parts = ['lambda/', 'infra/documents/'];

/** First 12 hex digits of a SHA-256 over the functions' sources, the scripts and the versions of what is bundled with them. */
export function codeHash(): string {
  const files = parts.flatMap((part) =>
    readdirSync(new URL(part, project), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  const hash = createHash('sha256');
  for (const file of [...files, fileURLToPath(new URL('package-lock.json', project))].toSorted())
    hash.update(`${file.slice(fileURLToPath(project).length)}\n`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}
