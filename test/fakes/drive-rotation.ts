import { runStep, steps } from '../../lambda/rotation/rotation.ts';
import type { FakeAccount } from './account.ts';
import type { Conduct } from './invocation.ts';
import { type Invoked, invoke } from './lambda.ts';
import type { FakeSecret } from './secrets-manager.ts';

/** How often Secrets Manager starts a failed rotation again, with the same token. Neither count nor pause is documented. */
export interface Retries {
  readonly times: number;
  readonly afterMs: number;
}

/** Four invocations in a row; a step that fails makes the whole rotation start again, unless its label is gone. */
export async function driveRotation(
  account: FakeAccount,
  secret: FakeSecret,
  token: string,
  retries: Retries,
  conduct: Conduct = {},
): Promise<{ readonly succeeded: boolean; readonly invoked: readonly Invoked<void>[] }> {
  const invoked: Invoked<void>[] = [];
  for (let tries = 0; tries <= retries.times; tries += 1) {
    if (tries > 0) await account.clock.sleep(retries.afterMs);
    if (secret.labelled('AWSPENDING') !== token) break;
    let failed = false;
    for (const step of steps) {
      const one = await invoke(
        account,
        (ports, deadline) => runStep({ step, secretId: secret.secretId, token }, ports, deadline),
        conduct,
      );
      invoked.push(one);
      const isCurrent = secret.labelled('AWSCURRENT') === token;
      failed = one.ended !== 'returned' || (!isCurrent && secret.labelled('AWSPENDING') !== token);
      // What it makes of a last step that promotes nothing is not documented.
      failed ||= step === 'finishSecret' && !isCurrent;
      if (failed) break;
    }
    if (!failed) return { succeeded: true, invoked };
  }
  return { succeeded: false, invoked };
}
