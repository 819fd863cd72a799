import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { Machine } from './machine.ts';

/** What to look for, by the name that a finding shall carry: the thing itself never shows in a failed test. */
export type Needles = Readonly<Record<string, string | Buffer>>;

export interface Finding {
  readonly machine: string;
  /** as the machine sees it */
  readonly path: string;
  /** which needle */
  readonly needle: string;
  /** `content` of the file, or its `name` */
  readonly where: 'content' | 'name';
}

/** Looks through every file that the machines have written since they were started (and through their extra mounts). */
export async function searchMachines(machines: readonly Machine[], needles: Needles): Promise<Finding[]> {
  return machines.flatMap((machine) => [
    ...[...files(machine.upper, '')].flatMap((path) => searchFile(machine, machine.upper, path, needles)),
    ...machine.extraMounts.flatMap((mount) =>
      [...files(machine.path(mount), '')].flatMap((path) =>
        searchFile(machine, machine.path(mount), path, needles).map((found) => ({ ...found, path: mount + path })),
      ),
    ),
  ]);
}

/** Regular files only: pipes would block, and a deleted file is a device node in an overlay's upper layer. */
function* files(base: string, path: string): Generator<string> {
  for (const entry of readdirSync(base + path, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* files(base, `${path}/${entry.name}`);
    else if (entry.isFile()) yield `${path}/${entry.name}`;
  }
}

function searchFile(machine: Machine, base: string, path: string, needles: Needles): Finding[] {
  const content = readIfThere(base + path);
  return Object.entries(needles).flatMap(([needle, wanted]): Finding[] => [
    ...(content.includes(wanted) ? [{ machine: machine.name, path, needle, where: 'content' } as const] : []),
    ...(path.includes(wanted.toString()) ? [{ machine: machine.name, path, needle, where: 'name' } as const] : []),
  ]);
}

/** Files of a running machine come and go; one that went between listing and reading holds nothing any more. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return Buffer.alloc(0);
    throw error;
  }
}
