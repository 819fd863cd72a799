/** The last results, their picture and what README quotes of them, as they are committed. */
import { read, write } from './committed.ts';
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
  write(readme, withReadmePart(read(readme), measured));
  return [picture, readme];
}

/** @throws {Error} when there are none, or of another form */
export function keptResults(): Results {
  return resultsShape.parse(JSON.parse(read(results)));
}
