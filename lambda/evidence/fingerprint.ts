import { createHmac } from 'node:crypto';
import type { PskKey } from '../rotation/psk.ts';
import { fingerprintDigits } from './record.ts';

const keyIdDigits = 8;
/** What the stack makes has 64 letters and digits. */
const leastKeyLength = 32;

/** How the record names a key: whoever has not got the HMAC key cannot test a guess, however short or homely the key is. */
export interface Fingerprints {
  /** Which HMAC key they are made with: only those of one are comparable. */
  readonly keyId: string;
  of(key: PskKey): string;
}

/**
 * @throws {RangeError} for a key that somebody may guess; the message does not show it
 * @see docs/decisions/0008-records-of-rotations.md
 */
export function fingerprintsWith(hmacKey: string): Fingerprints {
  if (hmacKey.length < leastKeyLength)
    throw new RangeError(`the HMAC key has ${hmacKey.length} characters, fewer than ${leastKeyLength}`);
  const hmac = (text: string) => createHmac('sha256', hmacKey).update(text).digest('hex');
  return {
    // No key reads so: a key is hex digits.
    keyId: hmac('which HMAC key').slice(0, keyIdDigits),
    of: (key) => hmac(key.reveal()).slice(0, fingerprintDigits),
  };
}
