/** The last run's results and what README quotes of them, as they are committed. */
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withReadmePart } from './readme-part.ts';
import type { Results } from './results.ts';

const folder = 'docs/crash';
const file = `${folder}/results.json`;
const readme = 'README.md';

/** @returns what was written, by path from the project's root. It belongs to whoever the project belongs to, not to root. */
export function keep(results: Results): readonly string[] {
  const { uid, gid } = statSync(fromRoot('package.json'));
  mkdirSync(fromRoot(folder), { recursive: true });
  const { versions, ...about } = results;
  // One rotation on a line: a diff of two runs can be read.
  const lines = versions.map(({ rotations, ...version }) => {
    const told = rotations.map((rotation) => `\n      ${JSON.stringify(rotation)}`).join(',');
    return `\n    ${JSON.stringify(version).slice(0, -1)},"rotations":[${told}\n    ]}`;
  });
  const head = JSON.stringify(about, null, 2).slice(0, -2);
  writeFileSync(fromRoot(file), `${head},\n  "versions": [${lines.join(',')}\n  ]\n}\n`);
  writeFileSync(fromRoot(readme), withReadmePart(readFileSync(fromRoot(readme), 'utf8'), results));
  for (const made of [folder, file, readme]) chownSync(fromRoot(made), uid, gid);
  return [file, readme];
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
