#!/usr/bin/env node
import { report } from './report.ts';
/** The operator's and the auditor's command line: one command per file. */
import { Usage } from './usage.ts';

const commands: Readonly<Record<string, (words: readonly string[]) => number>> = { report };

const [name = '', ...words] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command === undefined) throw new Usage(`commands: ${Object.keys(commands).join(', ')}`);
  process.exitCode = command(words);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof Usage ? 2 : 1;
}
