/** How a rotation ended, for whoever drove it. */
import type { EventRecord } from './records.ts';
import type { StepFailure } from './secrets-manager/rotation-run.ts';
import type { Secret } from './secrets-manager/secret.ts';

export interface RotationEnd {
  readonly outcome: 'succeeded' | 'failed' | 'abandoned';
  readonly kind: 'rotation' | 'test';
  readonly secretArn: string;
  /** Token of the rotation: id of the version that was to become current. */
  readonly versionId: string;
  readonly attempts: number;
  readonly failures: readonly StepFailure[];
  readonly events: readonly EventRecord[];
}

export async function rotationEnd(secret: Secret): Promise<RotationEnd> {
  const { run } = secret;
  if (run === undefined) throw new Error(`${secret.name} has never been rotated`);
  await run.ended;
  if (run.state === 'open') throw new Error(`the rotation of ${secret.name} has no end`);
  return {
    outcome: run.state,
    kind: run.kind,
    secretArn: secret.arn,
    versionId: run.token,
    attempts: run.attempts,
    failures: [...run.failures],
    events: [...run.events],
  };
}
