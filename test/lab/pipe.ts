import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { must } from './command.ts';

/**
 * A pipe for a child's output. Node gives children sockets, which cannot be opened again as /dev/stdout;
 * a script that does so works under the SSM agent and must work here.
 */
export interface Pipe {
  /** for the child; close it with `given` once the child has it */
  readonly writeFd: number;
  given(): void;
  /** everything that was written, when nobody holds the other end any more */
  readonly content: Promise<Buffer>;
}

/** @param folder where it stands for a moment: a pipe needs a name until both ends are open */
export async function makePipe(folder: string): Promise<Pipe> {
  const path = `${folder}/pipe-${++made}`;
  await must(['mkfifo', '-m', '600', path]);
  // Without O_NONBLOCK the first end would wait for the second.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  rmSync(path);
  const reader = new Socket({ fd: readFd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  reader.on('data', (chunk: Buffer) => chunks.push(chunk));
  const content = new Promise<Buffer>((resolve, reject) => {
    reader.once('error', reject);
    reader.once('end', () => resolve(Buffer.concat(chunks)));
  });
  return { writeFd, given: () => closeSync(writeFd), content };
}

let made = 0;
