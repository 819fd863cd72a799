/** Debian's `aws`, a client that AWS wrote and we did not: in a root of its own, so that nothing is installed on the computer. */
import { createHash } from 'node:crypto';
import type { Access } from './aws/access.ts';
import { type Argv, must } from './command.ts';
import { enclosed } from './enclosure.ts';
import { cachedRoot, rootOptions } from './root.ts';

/** Of the client that stands alone. */
const ownSuite = 'bookworm';

/**
 * `aws` and `jq`, unpacked and never configured, which is enough for programs that nothing starts by itself. 200 MB.
 * Its folders are those of a configured root, so that a machine can have it below its own (`Machine`s of the same suite only).
 */
export function awsCommandLineRoot(suite: string): Promise<string> {
  const argv: Argv = [
    ...(['mmdebstrap', '--mode=root', '--variant=extract', '--include=awscli,jq'] as const),
    ...rootOptions,
    // Where /lib is a folder of its own, what is in it would be hidden below a root where it is a link.
    '--setup-hook=cd "$1" && for folder in bin sbin lib lib64; do mkdir -p "usr/$folder" && ln -s "usr/$folder" .; done',
    '--extract-hook=mkdir -p "$1/proc"',
  ];
  return cachedRoot({
    name: `awscli-${suite}`,
    suite,
    hash: createHash('sha256').update(JSON.stringify(argv)).digest('hex').slice(0, 12),
    says: `Debian ${suite}'s aws and jq (about 15 seconds)`,
    argv,
  });
}

/**
 * Runs `aws` with these words and returns what it printed.
 * @throws {Error} with its own words when it fails
 */
export type AwsCommandLine = (words: readonly string[], input?: string) => Promise<string>;

export async function awsCommandLine({ env, client }: Access): Promise<AwsCommandLine> {
  const root = await awsCommandLineRoot(ownSuite);
  // In words: this version does not read AWS_ENDPOINT_URL.
  const always = ['--endpoint-url', client.endpoint, '--output', 'json', '--no-cli-pager'];
  return (words, input = '') => inRoot(root, 'aws "$@"', { words: [...always, ...words], environment: env, input });
}

/**
 * Runs lines of a shell that name `aws`, as somebody copies them into a terminal, and returns what they printed.
 * @throws {Error} with its own words when the last of them fails
 */
export async function inTerminalWithAws(lines: readonly string[]): Promise<string> {
  return inRoot(await awsCommandLineRoot(ownSuite), lines.join('\n'));
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
