import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A folder that is gone when it is removed, and also when this process ends without a word: a shell of its own session reads
 * a pipe of ours and removes the folder when nobody holds the other end any more.
 */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `${name}-${process.pid}-`));
  const remover = spawn('sh', ['-c', 'cat >/dev/null; exec rm -rf -- "$1"', 'sh', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  remover.unref();
  const removed = once(remover, 'exit');
  return {
    path,
    async remove() {
      remover.ref();
      remover.stdin.end();
      await removed;
    },
  };
}
