/** One rotation as Secrets Manager remembers it: open until it has succeeded, failed for good or been abandoned. */
import type { EventRecord } from '../records.ts';
import type { World } from '../world.ts';
import { detach } from './labels.ts';
import { emitRotationEvent } from './rotation-events.ts';
import type { Secret } from './secret.ts';

export interface RotationRun {
  readonly kind: 'rotation' | 'test';
  /** ClientRequestToken: the id of the pending version. */
  readonly token: string;
  readonly rotationToken: string;
  readonly roleArn: string;
  /** A rotation by schedule is tried again until then, and no longer; of one that somebody asked for AWS does not say. */
  readonly windowEndsMs: number | undefined;
  state: 'open' | 'succeeded' | 'failed' | 'abandoned';
  /** A separate call has taken AWSPENDING away: the rotation's way of saying "failed, do not try again". */
  labelRemoved: boolean;
  attempts: number;
  readonly failures: StepFailure[];
  readonly events: EventRecord[];
  /** Settles when `state` is no longer `open`. */
  readonly ended: Promise<void>;
  readonly end: (state: 'succeeded' | 'failed' | 'abandoned') => void;
}

export interface StepFailure {
  readonly attempt: number;
  readonly step: string;
  readonly errorType: string;
  readonly errorMessage: string;
}

export function openRun(
  start: Pick<RotationRun, 'kind' | 'token' | 'rotationToken' | 'roleArn' | 'windowEndsMs'>,
): RotationRun {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run: RotationRun = {
    ...start,
    state: 'open',
    labelRemoved: false,
    attempts: 0,
    failures: [],
    events: [],
    ended: promise,
    end(state) {
      run.state = state;
      resolve();
    },
  };
  return run;
}

export function isOpen(run: RotationRun | undefined): run is RotationRun & { readonly state: 'open' } {
  return run?.state === 'open';
}

export function labelWasRemoved(run: RotationRun): void {
  run.labelRemoved = true;
}

/** Somebody wrote another version: the rotation gives way. The step that runs is not stopped; no further one is started. */
export function abandon(world: World, secret: Secret, run: RotationRun): void {
  detach(secret, 'AWSPENDING');
  if (run.kind === 'test') secret.versions.delete(run.token);
  run.events.push(emitRotationEvent(world, secret, 'RotationAbandoned'));
  run.end('abandoned');
}
