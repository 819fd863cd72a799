import { Refusal, sentence } from '../errors.ts';
import { carryOn } from './carry-on.ts';
import { createSecret } from './create-secret.ts';
import type { Deadline } from './deadline.ts';
import { finishAgain, finishSecret } from './finish-secret.ts';
import { load, refuseUnlessEnabled, refuseUnlessPending } from './load.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { recordEnd } from './record.ts';
import { rollBack } from './roll-back.ts';
import { setSecret } from './set-secret.ts';
import { takeBackIfMarked } from './take-back-promotion.ts';
import { testSecret } from './test-secret.ts';
import { waitingOn } from './waiting.ts';

export const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type Step = (typeof steps)[number];

/** What Secrets Manager calls the function with. */
export interface StepCall {
  readonly step: Step;
  /** ARN, used verbatim. */
  readonly secretId: string;
  /** ClientRequestToken: the version that is being rotated in. */
  readonly token: string;
}

/**
 * One step of a rotation. Each may run twice and may find the world half changed; it asks the node and Zabbix, never its memory.
 *
 * @throws whatever ends the rotation, as one sentence
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export async function runStep(call: StepCall, ports: Ports, deadline: Deadline): Promise<void> {
  const labels = await takeBackIfMarked(await ports.secrets.labels(call.secretId), ports);
  if (isAlreadyCurrent(call, labels)) {
    // The label moved and something after it failed: what is left to do is harmless to do again.
    if (call.step === 'finishSecret') await finishAgain(labels, ports, deadline);
    return;
  }
  refuseUnlessEnabled(labels);
  if (labels.pending === call.token && labels.goingBack === call.token) {
    return rollBack(await load(labels, call.token, ports.secrets), alreadyGoingBack(labels), ports, deadline);
  }
  refuseUnlessPending(labels, call.token);
  const waiting = waitingOn(labels, call.token, 'forward');
  if (waiting !== undefined) {
    // Nothing is left to be done before its end.
    if (call.step === 'finishSecret') await carryOn(labels, waiting, ports, deadline);
    return;
  }

  switch (call.step) {
    case 'createSecret':
      return endingCleanly(call, labels, ports, () => createSecret(labels, call.token, ports, deadline));
    case 'setSecret':
      return endingCleanly(call, labels, ports, () => setSecret(labels, call.token, ports, deadline));
    case 'testSecret':
      return testSecret(labels, call.token, ports, deadline);
    case 'finishSecret':
      return finishSecret(labels, call.token, ports, deadline);
  }
}

/** An earlier try has decided: whatever the step, the way is back. */
function alreadyGoingBack({ secretName, pending }: SecretLabels): Refusal {
  return new Refusal('GOING_BACK', `the rotation of ${secretName} (version ${pending}) was being taken back already`);
}

function isAlreadyCurrent({ token }: StepCall, labels: SecretLabels): boolean {
  return labels.current === token;
}

/**
 * A refusal is a roll back of nothing: the label goes, so that the next rotation is not blocked by this one
 * ("a previous rotation isn't complete", RotateSecret in the Secrets Manager API reference).
 */
async function endingCleanly(
  call: StepCall,
  labels: SecretLabels,
  ports: Ports,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (error instanceof Refusal) await endRefused(call, labels, ports, error);
    throw error;
  }
}

async function endRefused(
  { token }: StepCall,
  { secretId, secretName }: SecretLabels,
  ports: Ports,
  refusal: Refusal,
): Promise<void> {
  const { secrets, archive } = ports;
  const ids = { secretId, token };
  if (await isEndedByAnother(ids, ports)) return;
  try {
    // Neither a crash from here on nor a label that stays may let the next try go forward: what has been told as refused would be rotated.
    await secrets.markGoingBack(secretId, token);
  } catch (error) {
    // Then the next try tells the end, or the repair.
    await archive.append({ event: 'label.notSet', ...ids, because: sentence(error) });
    return;
  }
  // The record first: once the label is gone, nobody comes back to this rotation.
  try {
    await recordEnd(ports, {
      secretId,
      secretName,
      token,
      outcome: 'refused',
      because: sentence(refusal),
      targets: [],
    });
    await secrets.discard(secretId, token);
  } catch (error) {
    // The refusal is what a human must read; for a label that stays the repair comes, or the next rotation tells it.
    await archive.append({ event: 'label.notRemoved', ...ids, because: sentence(error) });
  }
}

/** Somebody takes the same version back, or has: its label and its end are his. */
async function isEndedByAnother(
  { secretId, token }: { readonly secretId: string; readonly token: string },
  { secrets, archive }: Ports,
): Promise<boolean> {
  try {
    const { pending, goingBack } = await secrets.labels(secretId);
    return pending !== token || goingBack === token;
  } catch (error) {
    await archive.append({ event: 'label.notRead', secretId, token, because: sentence(error) });
    return false;
  }
}
