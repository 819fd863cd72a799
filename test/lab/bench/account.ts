/** Figures that follow from a rotation's account. */
import type { ServiceAccount } from './results.ts';
import { sum } from './spread.ts';

/**
 * Our own time in milliseconds: what others had to wait for us, and what we have computed while we waited for them. Where the latter is
 * not known all CPU stands for it, an upper bound: computing that others waited for is in it twice.
 */
export function ownMs({
  cpuMs,
  gapsMs,
  waitingCpuMs = cpuMs,
}: Pick<ServiceAccount, 'cpuMs' | 'gapsMs' | 'waitingCpuMs'>): number {
  return gapsMs + waitingCpuMs;
}

export function callCount(calls: Readonly<Record<string, number>>): number {
  return sum(Object.values(calls));
}

/** Of a rotation's calls to AWS those that keep its record: the chain's end is read, the record put, the document's version asked for. */
export function recordCalls(calls: Readonly<Record<string, number>>): number {
  const ofTheRecord = ([action]: readonly [string, number]) =>
    action.startsWith('s3:') || action === 'ssm:DescribeDocument';
  return callCount(Object.fromEntries(Object.entries(calls).filter(ofTheRecord)));
}
