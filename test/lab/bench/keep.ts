/** The last results, their picture and what README quotes of them, as they are committed. */
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withReadmePart } from './readme-part.ts';
import { type Results, resultsShape } from './results.ts';
import { timeLines } from './time-lines.ts';

const results = 'docs/bench/results.json';
const picture = 'docs/bench/time-lines.svg';
const readme = 'README.md';

/** @returns what was written, by path from the project's root */
export function keep(measured: Results): readonly string[] {
  write(results, `${JSON.stringify(measured, null, 2)}\n`);
  return [results, ...draw(measured)];
}

/** What follows from the results alone: the picture, and what README quotes. */
export function draw(measured: Results): readonly string[] {
  write(picture, timeLines(measured.picture));
  write(readme, withReadmePart(readFileSync(fromRoot(readme), 'utf8'), measured));
  return [picture, readme];
}

/** @throws {Error} when there are none, or of another form */
export function keptResults(): Results {
  return resultsShape.parse(JSON.parse(readFileSync(fromRoot(results), 'utf8')));
}

/** The bench runs as root; what it writes belongs to whoever the project belongs to. */
function write(path: string, content: string): void {
  const { uid, gid } = statSync(fromRoot('package.json'));
  mkdirSync(fromRoot('docs/bench'), { recursive: true });
  writeFileSync(fromRoot(path), content);
  for (const made of ['docs/bench', path]) chownSync(fromRoot(made), uid, gid);
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
