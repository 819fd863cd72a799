import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const project = resolve(import.meta.dirname, '../..');

/** The shell scripts below a heading of a document, as they stand there, in order; those in a list without its indentation. */
export function scriptsOfDocs(document: string, heading: string): readonly string[] {
  const [, section] = readFileSync(join(project, document), 'utf8').split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`${document} has no "${heading}"`);
  const [own = ''] = section.split(/^#{1,2} /m);
  return [...own.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, indentation = '', script = '']) =>
    script.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  );
}

/** Puts what a reader would put there. @throws {Error} when the script does not say `said` exactly once */
export function withOwn(script: string, said: string, own: string): string {
  const [before, after, ...more] = script.split(said);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`"${said}" must stand once in:\n${script}`);
  return before + own + after;
}
