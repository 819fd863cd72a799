/**
 * Drives a rotation the way Secrets Manager does: four invocations in a row; a step that fails makes the WHOLE rotation start
 * again, with the same token, a few times. Neither count nor interval is documented by AWS (see habits.ts).
 */

import type { LambdaFunction } from '../lambda/function.ts';
import { invoke } from '../lambda/invoke.ts';
import type { Principal } from '../principal.ts';
import type { World } from '../world.ts';
import { emitRotationEvent, type RotationEventName } from './rotation-events.ts';
import type { RotationRun, StepFailure } from './rotation-run.ts';
import { nextRotationMs } from './schedule.ts';
import { labelled, type Secret } from './secret.ts';

const steps = {
  rotation: ['createSecret', 'setSecret', 'testSecret', 'finishSecret'],
  test: ['testSecret'],
} as const;

export function servicePrincipal(secret: Secret): Principal {
  return { kind: 'service', service: 'secretsmanager.amazonaws.com', sourceArn: secret.arn };
}

export async function drive(world: World, secret: Secret, lambda: LambdaFunction, run: RotationRun): Promise<void> {
  const { clock, habits } = world;
  const say = (what: 'Started' | 'Succeeded' | 'Failed') => {
    const name: RotationEventName = run.kind === 'test' ? `TestRotation${what}` : `Rotation${what}`;
    run.events.push(emitRotationEvent(world, secret, name));
  };
  await clock.sleep(habits.rotationStartMs);
  if (run.state === 'open') say('Started');
  const retries = run.kind === 'test' || habits.closedWindows.includes(secret.name) ? 0 : habits.rotationRetries;
  const closes = () => run.windowEndsMs !== undefined && clock.nowMs() + habits.rotationRetryMs >= run.windowEndsMs;
  while (run.state === 'open' && !world.closing) {
    run.attempts += 1;
    const failure = await attempt(world, secret, lambda, run);
    if (hasEnded(run)) break;
    if (failure === undefined) {
      finish(world, secret, run);
      say('Succeeded');
      run.end('succeeded');
      break;
    }
    run.failures.push(failure);
    // One event for every attempt that failed, so that whoever listens must bear a retry that is already under way.
    say('Failed');
    if (run.labelRemoved || run.attempts > retries || closes()) {
      if (run.kind === 'test') secret.versions.delete(run.token);
      run.end('failed');
      break;
    }
    await clock.sleep(habits.rotationRetryMs);
    if (run.labelRemoved && !hasEnded(run)) run.end('failed');
  }
}

/** Runs the steps once. */
async function attempt(
  world: World,
  secret: Secret,
  lambda: LambdaFunction,
  run: RotationRun,
): Promise<StepFailure | undefined> {
  const failed = (step: string, errorType: string, errorMessage: string): StepFailure => ({
    attempt: run.attempts,
    step,
    errorType,
    errorMessage,
  });
  for (const Step of steps[run.kind]) {
    const event = {
      Step,
      SecretId: secret.arn,
      ClientRequestToken: run.token,
      RotationToken: run.rotationToken,
    };
    const { error } = await invoke(world, lambda, event, servicePrincipal(secret));
    if (hasEnded(run)) return undefined;
    if (error !== undefined) return failed(Step, error.errorType, error.errorMessage);
    const promoted = labelled(secret, 'AWSCURRENT')?.id === run.token;
    if (run.labelRemoved && !promoted) {
      return failed(Step, 'LabelRemoved', 'AWSPENDING was removed from the pending version.');
    }
    if (Step === 'createSecret' && !promoted && !writtenByFunction(secret, run)) {
      return failed(
        Step,
        'PendingVersionNotCreated',
        `Pending secret version ${run.token} for Secret ${secret.arn} was not created by Lambda ${lambda.arn}. Remove the AWSPENDING staging label and restart rotation.`,
      );
    }
    if (Step === 'finishSecret' && !promoted) {
      return failed(Step, 'NotPromoted', `AWSCURRENT was not moved to version ${run.token}.`);
    }
  }
  return undefined;
}

/** Read through a function: an await may have changed the state behind the compiler's back. */
function hasEnded(run: RotationRun): boolean {
  return run.state !== 'open';
}

function writtenByFunction(secret: Secret, run: RotationRun): boolean {
  const pending = secret.versions.get(run.token);
  return pending?.value !== undefined && pending.writtenBy === run.roleArn;
}

function finish(world: World, secret: Secret, run: RotationRun): void {
  if (run.kind === 'test') {
    secret.versions.delete(run.token);
    return;
  }
  const nowMs = world.clock.nowMs();
  secret.lastRotatedMs = nowMs;
  if (secret.rotation !== undefined) secret.nextRotationMs = nextRotationMs(secret.rotation.rules, nowMs);
}
