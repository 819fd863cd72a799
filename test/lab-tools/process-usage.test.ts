import { expect, test } from 'vitest';
import { aCloud } from '../aws-stand-in/a-cloud.ts';
import { processUsage } from '../lab/aws/lambda/process-usage.ts';

test('a process tells the CPU time and the memory that it has taken', () => {
  const before = processUsage(process.pid);
  // By its own CPU and not by the clock: beside a lab it has little of a core.
  const fromUs = process.cpuUsage().user;
  while (process.cpuUsage().user - fromUs < 40_000);
  const after = processUsage(process.pid);
  expect((after?.cpuMs ?? 0) - (before?.cpuMs ?? 0)).toBeGreaterThanOrEqual(20);
  expect(after?.maxRssKb).toBeGreaterThan(10_000);
});

test('a process that is gone tells nothing', () => {
  expect(processUsage(undefined)).toBeUndefined();
  // One more than the most that Linux gives.
  expect(processUsage(2 ** 22 + 1)).toBeUndefined();
});

test('an invocation tells what it took, one whose process has died does not', async () => {
  const cloud = await aCloud();
  await cloud.invoke('rotate', { echo: 1 });
  await cloud.invoke('rotate', { exit: 3 });
  const [alive, dead] = cloud.invocations.map(({ usage }) => usage);
  expect(alive?.cpuMs).toBeGreaterThanOrEqual(0);
  expect(alive?.maxRssKb).toBeGreaterThan(10_000);
  expect(dead).toBeUndefined();
});
