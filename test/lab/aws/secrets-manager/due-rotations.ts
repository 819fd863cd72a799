/** The schedule's part: what Secrets Manager starts by itself. Here it happens when a test says so, by the injected clock. */
import { randomUUID } from 'node:crypto';
import type { World } from '../world.ts';
import { start } from './rotate-secret.ts';
import { isOpen } from './rotation-run.ts';
import { nextRotationMs, windowEndsMs } from './schedule.ts';
import { labelled } from './secret.ts';

export function startDueRotations(world: World): readonly string[] {
  const nowMs = world.clock.nowMs();
  const due = [...world.secrets.values()].filter(
    ({ rotation, nextRotationMs: nextMs, run, deletedMs }) =>
      rotation?.enabled === true && deletedMs === undefined && !isOpen(run) && nextMs !== undefined && nextMs <= nowMs,
  );
  for (const secret of due) {
    const lambda = world.functions.get(secret.rotation?.functionArn ?? '');
    if (lambda === undefined || secret.rotation === undefined) continue;
    const { rules } = secret.rotation;
    const planned = windowEndsMs(rules, secret.nextRotationMs ?? nowMs);
    // Somebody who lets the clock run far has missed the window that was planned; on AWS it opens again.
    const ends = planned > nowMs ? planned : windowEndsMs(rules, nowMs);
    secret.nextRotationMs = nextRotationMs(rules, nowMs);
    const pending = labelled(secret, 'AWSPENDING');
    const leftover = pending !== undefined && pending !== labelled(secret, 'AWSCURRENT');
    // An unfinished rotation is taken up again, with its own token.
    start(world, secret, lambda, leftover ? pending.id : randomUUID(), 'rotation', ends);
  }
  return due.map(({ name }) => name);
}
