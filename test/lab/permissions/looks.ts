/** What is looked at both with the options of an inventory and without them. */
import { expect } from 'vitest';
import type { Deployment } from '../deployment.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { killRotator } from './kill-rotator.ts';
import { errorsOf, idleParts, objectsOf } from './seen.ts';

export function expectNothingDeniedNorIdle(stack: Deployment): void {
  expect(stack.cloud.denials).toEqual([]);
  expect(stack.cloud.idleStatements()).toEqual([]);
  expect(idleParts(stack)).toEqual([]);
  expect(stack.cloud.unsupported).toEqual([]);
  expect(stack.cloud.breakdowns).toEqual([]);
}

export async function rotationEndsWithoutRecord(stack: Deployment): Promise<void> {
  // A secret that nobody has adopted is refused, and that is an end, too.
  expect(await stack.rotate('away')).toMatchObject({ outcome: 'failed' });
  expect(stack.facts('away')).toContainEqual(expect.objectContaining({ event: 'record.notKept' }));
  // The repair, which may, tells that it had not minted a key.
  expect(objectsOf(stack).map((body) => JSON.parse(body))).toMatchObject([{ endedBy: { task: 'repair' } }]);
}

export async function repairEndsWithoutRecord(stack: Deployment, idle: SmallHost): Promise<void> {
  await stack.adopt('idle', [idle]);
  killRotator(stack, ({ action }) => action === 'secretsmanager:DescribeSecret');
  await stack.rotate('idle');
  expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/its record could not be kept/)]);
  expect(objectsOf(stack)).toEqual([]);
}
