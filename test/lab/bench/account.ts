/** Figures that follow from a rotation's account. */
import type { ServiceAccount } from './results.ts';
import { sum } from './spread.ts';

/**
 * Our own time in milliseconds, an upper bound: what was computed while nobody else was waited for is in both parts.
 */
export function ownMs({ cpuMs, gapsMs }: Pick<ServiceAccount, 'cpuMs' | 'gapsMs'>): number {
  return cpuMs + gapsMs;
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
