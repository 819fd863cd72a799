/** The last results of all kinds and what README quotes of them, as they are committed. */
import { read, write } from '../committed.ts';
import { withReadmePart } from './readme-part.ts';
import { type KindResults, kindResultsShape } from './results.ts';

const results = 'docs/bench/kinds.json';
const readme = 'README.md';

/** @returns what was written, by path from the project's root */
export function keep(measured: KindResults): readonly string[] {
  write(results, `${JSON.stringify(measured, null, 2)}\n`);
  return [results, ...quote(measured)];
}

/** What follows from the results alone. */
export function quote(measured: KindResults): readonly string[] {
  write(readme, withReadmePart(read(readme), measured));
  return [readme];
}

/** @throws {Error} when there are none, or of another form */
export function keptResults(): KindResults {
  return kindResultsShape.parse(JSON.parse(read(results)));
}
