/**
 * What a report of a large estate costs: `npm run bench:report -- [hosts] [records] [one in so many open] [share of a core]`.
 *
 * The function itself, with its own adapters, against others that answer over TLS, each after the time that it takes (times.ts). It
 * runs in a process of its own with the heap that Lambda gives Node at 512 MB and no more of a core than Lambda gives then.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, number, object, string, tuple } from 'zod/mini';
import { environmentKeys } from '../../lambda/contract.ts';
import { selfSigned } from '../self-signed.ts';
import { holdToShare, shareAt512Mb } from './share-of-a-core.ts';

const [hosts = 10_000, recordsEach = 12, openEvery = 50, share = shareAt512Mb] = process.argv.slice(2).map(Number);
const heapMb = 400;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const countOf = array(tuple([string(), number()]));

const folder = mkdtempSync(join(tmpdir(), 'bench-report-'));
try {
  const pem = join(folder, 'others.pem');
  writeFileSync(pem, selfSigned());
  const others = start('others.ts', [pem, ...[hosts, recordsEach, openEvery].map(String)]);
  const { address } = object({ address: object({ port: number() }) }).parse(await told(others));
  const origin = `https://127.0.0.1:${address.port}`;
  const report = start('report.ts', ['366'], {
    execArgv: [`--max-old-space-size=${heapMb}`],
    env: {
      ...{ PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: pem, AWS_ENDPOINT_URL: origin, AWS_REGION: 'eu-central-1' },
      ...{ AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'nobody' },
      [environmentKeys.zabbixUrl]: `${origin}/api_jsonrpc.php`,
    },
  });
  const letGo = holdToShare(report.pid ?? 0, share);
  const cost = object({ says: string(), seconds: number(), cpuSeconds: number(), maxRssBytes: number() }).parse(
    await told(report),
  );
  letGo();
  others.send('tell');
  const { calls, putBytes } = object({ calls: countOf, putBytes: countOf }).parse(await told(others));
  others.disconnect();

  console.log(cost.says);
  console.log(
    `${hosts} hosts, ${recordsEach} records each, ${share.toFixed(2)} of a core: ${cost.seconds.toFixed(0)} s, of them ${cost.cpuSeconds.toFixed(1)} s of CPU; at most ${megabytes(cost.maxRssBytes)} of memory`,
  );
  for (const [call, count] of calls) console.log(`  ${call}: ${count}`);
  for (const [name, bytes] of putBytes) console.log(`  ${name}: ${megabytes(bytes)}`);
} finally {
  rmSync(folder, { recursive: true });
}

function start(file: string, args: readonly string[], options: Parameters<typeof fork>[2] = {}): ChildProcess {
  return fork(join(import.meta.dirname, file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...options });
}

/** The next message, or an error when it ends without one. */
async function told(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with ${code ?? signal} and said nothing`);
  });
  const [message]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message;
}
