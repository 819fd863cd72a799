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
  // In words: this version does not read AWS_ENDPOINT_URL.
  const always = ['--endpoint-url', client.endpoint, '--output', 'json', '--no-cli-pager'];
  return (words, input = '') => inRoot(root, 'aws "$@"', { words: [...always, ...words], environment: env, input });
}

/**
 * Runs lines of a shell that name `aws`, as somebody copies them into a terminal, and returns what they printed.
 * @throws {Error} with its own words when the last of them fails
 */
export async function inTerminalWithAws(lines: readonly string[]): Promise<string> {
  return inRoot(await cachedRoot(recipe), lines.join('\n'));
}

interface Around {
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

function inRoot(
  root: string,
  script: string,
  { words = [], environment = {}, input = '' }: Around = {},
): Promise<string> {
  // `file:///dev/stdin` and an answer in /dev/stdout need /proc, and pipes: what Node gives a child are sockets, which cannot be opened.
  const aws = 'mount -t proc proc "$0/proc" || exit\naws() { cat | chroot "$0" aws "$@" | cat; }';
  return must(enclosed('bash', '-o', 'pipefail', '-c', `${aws}\n${script}`, root, ...words), {
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent', ...environment },
    input,
  });
}
