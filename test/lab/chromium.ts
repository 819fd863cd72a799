/** Debian's Chromium, in a root of its own, so that nothing is installed on the computer. Playwright drives it. */
import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import type { Argv } from './command.ts';
import { enclosed } from './enclosure.ts';
import { cachedRoot, type Recipe, rootOptions } from './root.ts';

/** Unpacked and never configured. The fonts: Latin, and what right-to-left names are written in. */
const argv: Argv = [
  ...(['mmdebstrap', '--mode=root', '--variant=extract', '--include=chromium,fonts-dejavu-core,dash'] as const),
  ...rootOptions,
  '--extract-hook=mkdir -p "$1/proc" "$1/tmp" "$1/dev"',
];

const recipe: Recipe = {
  name: 'chromium',
  suite: 'bookworm',
  hash: createHash('sha256').update(JSON.stringify(argv)).digest('hex').slice(0, 12),
  says: "Debian's Chromium (about half a minute)",
  argv,
};

/** Everything under the folder is seen inside by the same path; of the rest of the computer's files nothing is. */
export async function startChromium(folder: string): Promise<Browser> {
  const root = await cachedRoot(recipe);
  // Playwright speaks to it over the descriptors 3 and 4, which pass through. Chromium's own sandbox wants not to be root.
  const inside =
    'root=$1 folder=$2; shift 2; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t tmpfs tmpfs "$root/tmp"; mkdir -p "$root$folder"; mount --bind "$folder" "$root$folder"; exec chroot "$root" /usr/lib/chromium/chromium "$@"';
  const words = enclosed('sh', '-euc', inside, 'sh', root, folder);
  const program = join(folder, 'chromium.sh');
  writeFileSync(program, `#!/bin/sh\nexec ${words.map(quoted).join(' ')} "$@"\n`);
  chmodSync(program, 0o700);
  const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, TMPDIR: folder };
  return chromium.launch({ executablePath: program, env: environment, args: ['--no-sandbox', '--disable-gpu'] });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
