import { readFileSync } from 'node:fs';

/** What a process has taken of the computer since it was started, all its threads together. */
export interface ProcessUsage {
  /** user and system time, in steps of 10 ms */
  readonly cpuMs: number;
  readonly maxRssKb: number;
}

/** USER_HZ, in which /proc tells times: 100 on every Linux of ours (proc_pid_stat(5)). */
const ticksPerS = 100;

/** @returns undefined when there is no such process any more, or no /proc */
export function processUsage(pid: number | undefined): ProcessUsage | undefined {
  try {
    // The program's name stands in brackets and may hold blanks; utime and stime are the 12th and 13th field behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const ticks = Number(fields[11]) + Number(fields[12]);
    // A process that has just died is still listed, without memory.
    return peak === undefined ? undefined : { cpuMs: (ticks * 1000) / ticksPerS, maxRssKb: Number(peak) };
  } catch {
    return undefined;
  }
}
