import { createHash } from 'node:crypto';

/**
 * A value as JSON whose bytes depend on nothing but the value: keys in the order of their UTF-16 code units, no blanks
 * (RFC 8785; its numbers and strings are those of JSON.stringify). Fields that are undefined are left out.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** By which a record names its predecessor. */
export function hashOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
