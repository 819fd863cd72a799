/** How big the function's bundle is and how long a cold start takes that is ours: from import to a handler that could be called. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { must } from '../command.ts';
import type { Lab } from '../lab.ts';
import type { StartUp } from './results.ts';

const starts = 10;

export async function measureStartUp({ cloud, rotator }: Lab): Promise<StartUp> {
  const found = [...cloud.world.functions.values()].find(({ name }) => name === rotator);
  if (found === undefined) throw new Error(`no function ${rotator} in the stack`);
  const files = readdirSync(found.codeDir).map((name) => join(found.codeDir, name));
  const main = files.find((file) => /\/index\.m?js$/.test(file));
  if (main === undefined) throw new Error('the bundle has no index');
  const importMs: number[] = [];
  for (let start = 0; start < starts; start += 1) importMs.push(await importOnce(main));
  return {
    bundleKb: Math.round(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1000),
    importMs: importMs.toSorted((a, b) => a - b),
  };
}

const measureImport = `
const began = performance.now();
const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new Error('no handler');
console.log(Math.round(performance.now() - began));
`;

async function importOnce(file: string): Promise<number> {
  const node = ['--input-type=module', '--eval', measureImport, pathToFileURL(file).href] as const;
  return Number(await must([process.execPath, ...node], { environment: { LANG: 'C.UTF-8' } }));
}
