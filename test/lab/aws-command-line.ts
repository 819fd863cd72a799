/** Debian's `aws`, a client that AWS wrote and we did not: in a root of its own, so that nothing is installed on the computer. */
import { createHash } from 'node:crypto';
import type { Access } from './aws/access.ts';
import { type Argv, must } from './command.ts';
import { enclosed } from './enclosure.ts';
import { cachedRoot, type Recipe, rootOptions } from './root.ts';

/** Unpacked and never configured, which is enough for a program in Python. 190 MB. */
const argv: Argv = [
  ...(['mmdebstrap', '--mode=root', '--variant=extract', '--include=awscli'] as const),
  ...rootOptions,
  '--extract-hook=mkdir -p "$1/proc"',
];

const recipe: Recipe = {
  name: 'awscli',
  suite: 'bookworm',
  hash: createHash('sha256').update(JSON.stringify(argv)).digest('hex').slice(0, 12),
  says: "Debian's aws (about 15 seconds)",
  argv,
};

/**
 * Runs `aws` with these words and returns what it printed.
 * @throws {Error} with its own words when it fails
 */
export type AwsCommandLine = (words: readonly string[], input?: string) => Promise<string>;

export async function awsCommandLine({ env, client }: Access): Promise<AwsCommandLine> {
  const root = await cachedRoot(recipe);
  // `file:///dev/stdin` and an answer in /dev/stdout need /proc, and pipes: what Node gives a child are sockets, which cannot be opened.
  const inside = 'mount -t proc proc "$0/proc" && cat | chroot "$0" aws "$@" | cat';
  // In words: this version does not read AWS_ENDPOINT_URL.
  const always = ['--endpoint-url', client.endpoint, '--output', 'json', '--no-cli-pager'];
  const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent', ...env };
  return (words, input = '') =>
    must(enclosed('bash', '-o', 'pipefail', '-c', inside, root, ...always, ...words), { environment, input });
}
