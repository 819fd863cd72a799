/**
 * The Debian root that every machine of the lab stands on: made once per computer and Zabbix release, read-only afterwards.
 * Machines lay their own writable layer over it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Argv, must, run } from './command.ts';
import { debianMirror } from './debian-mirror.ts';
import { enclosed } from './enclosure.ts';
import { commonPackages, type Release } from './release.ts';

/** Where the roots are kept. /var/tmp survives a reboot, and one root is about 0.8 GB. */
export const cacheFolder = '/var/tmp/zabbix-psk-lab';

/** How a root is made, and under which name it is kept. */
export interface Recipe {
  /** Of the folder, before a hash of everything that decides what is in it. */
  readonly name: string;
  readonly suite: string;
  /** mmdebstrap with everything but suite, folder and mirror. */
  readonly argv: Argv;
  readonly hash: string;
  /** For whoever waits: `a Debian bookworm root …, about two minutes`. */
  readonly says: string;
}

/** Path of the root for a release; makes it first when this computer has none (about two minutes). */
export function debianRoot(release: Release): Promise<string> {
  return cachedRoot(recipe(release));
}

/** Whether this computer has the root of a release, so that a lab starts in seconds. */
export function rootIsBuilt(release: Release): boolean {
  return existsSync(rootFolder(recipe(release)));
}

/** Path of a root; makes it first when this computer has none. Safe when two runs start at once, and after a run that was killed half way. */
export async function cachedRoot(wanted: Recipe): Promise<string> {
  ownFolder(cacheFolder);
  const root = rootFolder(wanted);
  if (existsSync(root)) return root;
  await installMmdebstrap();
  const lock = await holdLock(`${cacheFolder}/${wanted.name}.lock`);
  try {
    if (!existsSync(root)) await build(wanted, root);
  } finally {
    lock.release();
  }
  return root;
}

function rootFolder({ name, hash }: Recipe): string {
  return `${cacheFolder}/${name}-${hash}`;
}

async function build({ name: wanted, suite, argv, says }: Recipe, root: string): Promise<void> {
  // We hold the lock: whatever is still being built belongs to a run that was killed.
  for (const name of readdirSync(cacheFolder)) {
    if (name.startsWith(`${wanted}-`) && name.endsWith('.building'))
      rmSync(`${cacheFolder}/${name}`, { recursive: true });
  }
  console.error(`lab: making ${says} in ${root}, once for this computer`);
  await must(enclosed(...argv, suite, `${root}.building`, debianMirror()));
  renameSync(`${root}.building`, root);
}

/** What every root has: no documentation, and no fear of a power cut. */
export const rootOptions = [
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--aptopt=Acquire::Languages "none"',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=force-unsafe-io',
] as const;

function recipe(release: Release): Recipe {
  const packages = [...commonPackages, ...release.packages].join(',');
  return {
    name: release.suite,
    suite: release.suite,
    hash: recipeHash(release),
    says: `a Debian ${release.suite} root (about two minutes)`,
    argv: [
      ...(['mmdebstrap', '--mode=root', '--variant=apt', `--include=${packages}`] as const),
      ...rootOptions,
      `--essential-hook=${script('policy.sh')} "$1"`,
      `--customize-hook=${script('proxies.sh')} "$1"`,
      `--customize-hook=${script('database.sh')} "$1" ${release.postgres}`,
    ],
  };
}

function recipeHash(release: Release): string {
  const hash = createHash('sha256').update(JSON.stringify([release.suite, commonPackages, release.packages]));
  for (const name of ['policy.sh', 'proxies.sh', 'database.sh']) hash.update(readFileSync(script(name)));
  return hash.digest('hex').slice(0, 12);
}

function script(name: string): string {
  return fileURLToPath(new URL(`root/${name}`, import.meta.url));
}

/** /var/tmp belongs to everybody, and what is in the root will run as root: the folder must be ours. */
function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
    throw new Error(`${folder} must be a folder that only this user can write to: remove it and start again`);
}

async function installMmdebstrap(): Promise<void> {
  if ((await run(['sh', '-c', 'command -v mmdebstrap'])).exitCode === 0) return;
  const shell = `apt-get ${waiting} update; exec apt-get ${waiting} install -y --no-install-recommends ${mmdebstrapPackages}`;
  const { exitCode, stderr } = await run(['sh', '-c', shell]);
  if (exitCode !== 0)
    throw new Error(`The lab needs mmdebstrap: install it (apt-get install mmdebstrap). ${stderr.slice(-500)}`);
}

const waiting = '-o DPkg::Lock::Timeout=300';

/** The keyring is what mmdebstrap checks Debian's archive with where the computer itself is not Debian. */
const mmdebstrapPackages = 'mmdebstrap debian-archive-keyring';

/** Waits for a lock that ends with this process, because its holder reads a pipe of ours. */
function holdLock(file: string): Promise<{ release(): void }> {
  const holder = spawn('flock', ['-x', file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', () => reject(new Error(`The lock ${file} could not be held`)));
    holder.stdout.once('data', () => resolve({ release: () => holder.stdin.end() }));
  });
}
