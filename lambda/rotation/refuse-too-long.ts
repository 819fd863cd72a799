import { Refusal } from '../errors.ts';
import type { Inspection, NodeTarget, Rotation } from './model.ts';
import type { Monitor } from './ports.ts';

/** A target whose node has told what its program encrypts with. */
interface Told {
  readonly target: NodeTarget;
  readonly prepared: Pick<Inspection, 'agent' | 'tlsLibrary'>;
}

/**
 * A program that cannot take the next key or identity would not come up on it, or nobody would be heard. What is in use and as long
 * has shown that it is taken, whatever the table says.
 *
 * @throws {Refusal} naming the thing, the value and the remedy
 */
export function refuseTooLong(
  { target, prepared: { agent, tlsLibrary } }: Told,
  { current, pending, secretName }: Rotation,
  monitor: Pick<Monitor, 'limitsOf'>,
): void {
  const limits = monitor.limitsOf(tlsLibrary);
  const program = `${agent} of ${target.kind} "${target.name}"`;
  const takes = (what: string, bytes: number) =>
    tlsLibrary === ''
      ? `${program} does not tell its TLS library, and not every one takes ${what} of more than ${bytes} bytes`
      : `${program} runs with ${tlsLibrary}, which is known to take ${what} of at most ${bytes} bytes`;
  if (pending.key.bytes > Math.max(limits.keyBytes, current.key?.bytes ?? 0)) {
    throw new Refusal(
      'CREDENTIAL_TOO_LONG',
      `${takes('keys', limits.keyBytes)}, and the next one has ${pending.key.bytes}; set "keyBytes" in ${secretName} to ${limits.keyBytes} or less`,
    );
  }
  // An identity that may become ours has no character of more than one byte.
  if (pending.identity.length > Math.max(limits.identityBytes, current.identity?.length ?? 0)) {
    throw new Refusal(
      'CREDENTIAL_TOO_LONG',
      `${takes('identities', limits.identityBytes)}, and "${pending.identity}" has ${pending.identity.length}; shorten "identity" in ${secretName}, or leave out "identityMode": "fixed"`,
    );
  }
}
