import { availableParallelism, loadavg, release, totalmem } from 'node:os';
import type { Results } from './results.ts';

/** What the figures were measured on. */
export function computer(): Results['computer'] {
  return {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: `Linux ${release().split('-')[0]}`,
    node: process.version,
  };
}

/** Processes that ran or wanted to, over the last minute; in tenths. */
export function averageLoad(): number {
  return Math.round((loadavg()[0] ?? Number.NaN) * 10) / 10;
}
