import { NodeUnreachable } from '../errors.ts';

/** A script that was killed finishes, sent again, what its first run began; each may run twice. */
export async function onceMore<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NodeUnreachable)) throw error;
    return run();
  }
}
