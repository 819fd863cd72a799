import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { constants, createHash, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { record, string, unknown } from 'zod/mini';
import { parts } from '../../infra/documents/linux/parts.ts';
import type { ParameterName, Verb } from '../../lambda/contract.ts';

/**
 * A machine for one test: the real scripts in a root directory of their own, with process, mount and network namespaces of
 * their own, so that they see these agents and no others. The programs are this machine's; the agents are stub-agent.pl.
 * Without root it is the same in a user namespace, where every file belongs to the one user there is.
 */
export interface ThrowAwayNode {
  /** Puts a file below the node's root. */
  write(path: string, text: string, mode?: number): void;
  read(path: string): string;
  has(path: string): boolean;
  /** Runs a shell command on the node and returns its output. */
  sh(command: string): string;
  /** Runs a verb as the SSM agent does. */
  run(verb: Verb, values?: Partial<Record<ParameterName, string>>): Promise<Answer>;
  /** SIGKILL to the process groups of all verbs that run now, as at a command's timeout. */
  killCommands(): void;
}

export interface Answer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly reply: Record<string, unknown>;
}

export const secretId = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/web-01-AbCdEf';
export const versionId = '0f7a5c9e-6c1b-4f0e-9a55-3f1c1f2b7d10';
export const instanceId = 'i-0123456789abcdef0';
/** Others for each file of tests: one that looks at every process of the computer must not find what another handles in the open. */
export const oldKey = randomBytes(32).toString('hex');
export const newKey = randomBytes(32).toString('hex');
export const stateDirectory = '/var/lib/zabbix-psk-rotation';

export function fingerprint(hex: string): string {
  return createHash('sha256').update(hex.toLowerCase()).digest('hex').slice(0, 12);
}

export function inSeconds(seconds: number): string {
  return String(Math.floor(Date.now() / 1000) + seconds);
}

/** What the function does with a key before it sends it (lambda/fleet/seal.ts), written a second time as a check on it. */
export function sealed(hex: string, publicKey: unknown, version = versionId): string {
  const key = createPublicKey({ key: Buffer.from(String(publicKey), 'base64'), format: 'der', type: 'spki' });
  const oaepLabel = createHash('sha256').update(`${secretId}|${version}|${instanceId}`).digest();
  return publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel },
    Buffer.from(hex, 'hex'),
  ).toString('base64');
}

const discards: (() => void)[] = [];

/** Ends the nodes of a test file. Files share this module, so each calls it anew: discard-nodes.ts. */
export function discardNodes(): void {
  for (const discard of discards.splice(0)) discard();
}

const isRoot = process.getuid?.() === 0;
const stub = readFileSync(new URL('stub-agent.pl', import.meta.url), 'utf8');

export interface NodeOptions {
  readonly agent?: 'zabbix_agentd' | 'zabbix_agent2';
  /** A proxy besides, with the same key file; `alone`: instead of an agent. */
  readonly proxy?: 'beside' | 'alone';
  /** A server besides, without a key. */
  readonly server?: boolean;
  /** Shell commands that run in the node's root directory before it is locked in: mounts. */
  readonly mounts?: string;
}

const services: Readonly<Record<string, string>> = {
  zabbix_agentd: 'zabbix-agent',
  zabbix_agent2: 'zabbix-agent2',
  zabbix_proxy: 'zabbix-proxy',
  zabbix_server: 'zabbix-server',
};

function programsOf({ agent = 'zabbix_agentd', proxy, server = false }: NodeOptions): string[] {
  return [
    ...(proxy === 'alone' ? [] : [agent]),
    ...(proxy === undefined ? [] : ['zabbix_proxy']),
    ...(server ? ['zabbix_server'] : []),
  ];
}

/** A node with an agent that is installed, has a PSK in a drop-in, an init script, and does not run yet. */
export async function aNode(options: NodeOptions = {}): Promise<ThrowAwayNode> {
  const { agent = 'zabbix_agentd', proxy, mounts = '' } = options;
  const programs = programsOf(options);
  const root = mkdtempSync(join(tmpdir(), 'node-'));
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  const config = agent === 'zabbix_agentd' ? 'zabbix_agentd.conf' : 'zabbix_agent2.conf';
  const dropIns = agent === 'zabbix_agentd' ? 'zabbix_agentd.conf.d' : 'zabbix_agent2.d';

  write('etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
  write('etc/group', 'root:x:0:\n');
  write('opt/agent', stub, 0o755);
  for (const program of programs)
    write(
      `etc/init.d/${services[program]}`,
      `#!/bin/sh\ncase $1 in\nstart) setsid ${program} >/dev/null 2>&1 </dev/null & ;;\nstop) kill "$(cat /run/${program}.pid)" ;;\nesac\nexit 0\n`,
      0o755,
    );
  if (proxy !== undefined)
    write(
      'etc/zabbix/zabbix_proxy.conf',
      'PidFile=/run/zabbix_proxy.pid\nLogFile=/var/log/proxy.log\nHostname=edge\nServer=192.0.2.1\nProxyMode=0\nTLSConnect=psk\nTLSPSKIdentity=web-01.old\nTLSPSKFile=/etc/zabbix/psk.key\n',
    );
  if (options.server === true)
    write(
      'etc/zabbix/zabbix_server.conf',
      'PidFile=/run/zabbix_server.pid\nLogFile=/var/log/server.log\nListenPort=10061\n',
    );
  write(
    `etc/zabbix/${config}`,
    `PidFile=/run/${agent}.pid\nLogFile=/var/log/agent.log\nHostname=web-01\nServer=192.0.2.1\nServerActive=192.0.2.1\nInclude=/etc/zabbix/${dropIns}/*.conf\n`,
  );
  write(
    `etc/zabbix/${dropIns}/psk.conf`,
    'TLSConnect=psk\nTLSAccept=psk\nTLSPSKIdentity=web-01.old\nTLSPSKFile=/etc/zabbix/psk.key\n',
  );
  write('etc/zabbix/psk.key', `${oldKey}\n`, 0o400);
  write('var/log/agent.log', '');
  write('setup', setup(programs, mounts), 0o755);

  const namespaces = spawn(
    'unshare',
    [...(isRoot ? [] : ['-Ur']), '-m', '-p', '-n', '-f', '--kill-child', '--propagation', 'private', 'sh', './setup'],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const init = await initOf(namespaces, join(root, 'run/ready'));
  const enter = ['-t', init, '-m', '-p', '-n', '-r', '-w', ...(isRoot ? [] : ['-U', '--preserve-credentials'])];
  discards.push(() => {
    namespaces.kill('SIGKILL');
    // The mounts go with the last process of the namespace; until then a directory may be busy.
    rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  const running = new Set<ChildProcess>();
  let scripts = 0;

  return {
    write,
    read: (path) => readFileSync(join(root, path), 'utf8'),
    has: (path) => existsSync(join(root, path)),
    sh: (command) => execFileSync('nsenter', [...enter, 'sh', '-c', command], { encoding: 'utf8' }),

    async run(verb, values = {}) {
      scripts += 1;
      const path = `/run/orchestration/${scripts}/_script.sh`;
      write(path, documentOf(verb), 0o700);
      const environment = { secretId, versionId, ...values };
      const child = spawn(
        'nsenter',
        [
          ...enter,
          'env',
          '-i',
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'LANG=C.UTF-8',
          `AWS_SSM_INSTANCE_ID=${instanceId}`,
          ...Object.entries(environment).map(([name, value]) => `SSM_${name}=${value}`),
          'sh',
          '-c',
          `umask 022; cd /usr/bin; exec sh -c ${path}`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
      );
      running.add(child);
      const [stdout, stderr, exitCode] = await Promise.all([
        child.stdout.setEncoding('utf8').toArray(),
        child.stderr.setEncoding('utf8').toArray(),
        new Promise<number | null>((resolve) => child.on('close', resolve)),
      ]);
      running.delete(child);
      return answerOf(exitCode, stdout.join(''), stderr.join(''));
    },

    killCommands() {
      for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    },
  };
}

/** The same, with the agent running. */
export async function aRunningNode(options: NodeOptions = {}): Promise<ThrowAwayNode> {
  const node = await aNode(options);
  for (const program of programsOf(options))
    node.sh(
      `/etc/init.d/${services[program]} start; for i in $(seq 100); do [ -s /run/${program}.pid ] && break; sleep 0.02; done`,
    );
  return node;
}

export function documentOf(verb: Verb): string {
  return parts[verb]
    .map((file) => readFileSync(new URL(`../../infra/documents/linux/${file}`, import.meta.url), 'utf8'))
    .join('\n');
}

/** False where the kernel or a container forbids namespaces; CI must not be such a place. */
export function namespacesWork(): boolean {
  const tried = spawnSync('unshare', [...(isRoot ? [] : ['-Ur']), '-m', '-p', '-n', '-f', 'true']);
  if (tried.status === 0) return true;
  if (process.env.CI === 'true') throw new Error(`unshare does not work here: ${tried.stderr}`);
  return false;
}

function setup(programs: readonly string[], mounts: string): string {
  return `set -eu
for d in bin sbin lib lib64 lib32; do
  if [ -L /$d ]; then ln -s "$(readlink /$d)" $d; elif [ -d /$d ]; then mkdir $d; mount --rbind /$d $d; fi
done
mkdir -p usr proc dev run tmp root var/lib
mount --rbind /usr usr
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs tmpfs usr/local
mkdir -p usr/local/sbin
for program in ${programs.join(' ')}; do cp opt/agent usr/local/sbin/$program; done
if [ -d /etc/ssl ]; then mkdir -p etc/ssl; mount --rbind /etc/ssl etc/ssl; fi
if [ -d /etc/alternatives ]; then mkdir -p etc/alternatives; mount --rbind /etc/alternatives etc/alternatives; fi
${mounts}
exec chroot . sh -c ': >/run/ready; trap : TERM; while :; do sleep 3600 & wait $!; done'
`;
}

async function initOf(namespaces: ChildProcess, ready: string): Promise<string> {
  let complaint = '';
  namespaces.stderr?.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  for (let tries = 0; tries < 500; tries += 1) {
    if (existsSync(ready)) {
      return readFileSync(`/proc/${namespaces.pid}/task/${namespaces.pid}/children`, 'utf8').trim();
    }
    if (namespaces.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the throw-away node did not come up: ${complaint}`);
}

const replyShape = record(string(), unknown());

function answerOf(exitCode: number | null, stdout: string, stderr: string): Answer {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { exitCode, stdout, stderr, reply: last === '' ? {} : replyShape.parse(JSON.parse(last)) };
}
