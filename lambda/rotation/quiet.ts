import type { Instant } from './model.ts';
import type { SecretLabels } from './ports.ts';

/**
 * A rotation writes to its secret when it begins and when it ends, its steps last a quarter of an hour at most, and Secrets Manager's
 * tries follow on one another for less than this. Milliseconds.
 */
const quietForMs = 60 * 60_000;

/** Whether nothing has happened to a secret for so long that nobody is at its rotation any more, nor a node that he had armed. */
export function isQuiet({ changed }: Pick<SecretLabels, 'changed'>, now: Instant): boolean {
  return now.ms - changed.ms >= quietForMs;
}
