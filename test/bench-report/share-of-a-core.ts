import { readdirSync, readFileSync } from 'node:fs';

/** Lambda gives a function a whole core at 1,769 MB and a share by its memory below (Lambda developer guide, "Configure function memory"). */
export const shareAt512Mb = 512 / 1_769;

const periodMs = 50;

/**
 * Lets a process have no more than this share of one core, as Lambda's scheduler does: what it has used up in a period it waits for.
 *
 * @returns ends it
 */
export function holdToShare(pid: number, share: number): () => void {
  let allowedMs = 0;
  let stopped = false;
  let lastMs = performance.now();
  const usedAtStartMs = cpuMsOf(pid) ?? 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    allowedMs += (nowMs - lastMs) * share;
    lastMs = nowMs;
    const usedMs = (cpuMsOf(pid) ?? usedAtStartMs) - usedAtStartMs;
    // Time that was not used is lost, except what a period holds.
    allowedMs = Math.min(allowedMs, usedMs + periodMs);
    const wanted = usedMs > allowedMs;
    if (wanted === stopped) return;
    stopped = wanted;
    send(pid, stopped ? 'SIGSTOP' : 'SIGCONT');
  }, 5);
  return () => {
    clearInterval(timer);
    send(pid, 'SIGCONT');
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** CPU of all its threads, in milliseconds; undefined when it has gone. */
function cpuMsOf(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ofThread = (thread: string) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    return threads.reduce((sum, thread) => sum + ofThread(thread), 0) / 1e6;
  } catch {
    return undefined;
  }
}
