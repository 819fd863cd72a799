import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { quoteName } from '../lambda/quote.ts';
import { compileReport } from '../lambda/reports/compile-report.ts';
import { gatheredShape } from '../lambda/reports/gathered.ts';
import { reportFiles } from '../lambda/reports/report-files.ts';
import { type Folder, verifyFolder } from '../lambda/reports/verify-folder.ts';
import { parseWaivers } from '../lambda/reports/waivers.ts';
import { askForReport } from './ask-report.ts';
import { Usage } from './usage.ts';

const usage = `report --ask <report function> [--days <length of the period>]
report --verify <folder> [--key <public key, PEM>]
report --from <gathered.json> [--waivers <file>] --to <folder>`;

/** `report`: asks for a report, checks reports and records on a machine without AWS, or writes a report from what was gathered before. */
export function report(words: readonly string[]): number {
  const { ask, days, verify, key, from, waivers, to } = options(words);
  if (ask !== undefined && verify === undefined && from === undefined) return askForReport(ask, lengthIn(days));
  if (verify !== undefined && from === undefined) return verifyAt(verify, key);
  if (from !== undefined && to !== undefined && verify === undefined) return write(from, waivers, to);
  throw new Usage(usage);
}

/** @returns the exit code: 1 when anything is not as it was written */
function verifyAt(path: string, key: string | undefined): number {
  const { sound, problems } = verifyFolder(folderAt(path), key === undefined ? undefined : readFileSync(key, 'utf8'));
  // Names of files and secrets come from the folder, and the folder from anybody.
  for (const line of sound) console.log(`ok       ${quoteName(line)}`);
  for (const line of problems) console.log(`PROBLEM  ${quoteName(line)}`);
  return problems.length === 0 ? 0 : 1;
}

function write(from: string, waivers: string | undefined, to: string): number {
  const gathered = gatheredShape.parse(json(from));
  const report = compileReport(gathered, waivers === undefined ? [] : parseWaivers(json(waivers)));
  mkdirSync(to, { recursive: true });
  for (const [name, text] of reportFiles(report, undefined)) writeFileSync(join(to, name), text);
  console.log(`${to}: report of ${gathered.asOf}`);
  return 0;
}

/** From the root of the file system, so that a folder inside `records/` is seen to be one. */
function folderAt(path: string): Folder {
  const root = resolve(path);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new Usage(`${path} is not a folder`);
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).split(sep).join('/'))
    .toSorted();
  return { names, read: (name) => readFileSync(name) };
}

function lengthIn(days: string | undefined): number | undefined {
  if (days !== undefined && !/^[1-9]\d*$/.test(days)) throw new Usage(`--days ${days} must be a whole number of days`);
  return days === undefined ? undefined : Number(days);
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function options(words: readonly string[]) {
  const string = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...words],
      options: { ask: string, days: string, verify: string, key: string, from: string, waivers: string, to: string },
    }).values;
  } catch {
    throw new Usage(usage);
  }
}
