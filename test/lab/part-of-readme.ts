/** Parts of README.md that runs write: what stands between two comments. */

export interface Marks {
  readonly begin: string;
  readonly end: string;
}

/** @throws {Error} when the text has no such part */
export function withPart(readme: string, marks: Marks, lines: readonly string[]): string {
  const [before, part, ...more] = readme.split(marks.begin);
  const [, after] = part?.split(marks.end) ?? [];
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`README.md must hold "${marks.begin}" and behind it "${marks.end}", each once`);
  return `${before}${marks.begin}\n\n${lines.join('\n')}\n\n${marks.end}${after}`;
}

/** Of a table in Markdown. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
