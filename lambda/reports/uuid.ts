import { createHash } from 'node:crypto';

/** The namespace of this project's names: made once by `uuidgen`, never to change, or every id in every report does. */
const namespace = '5c2b7a0e-3f0d-4d0a-9a0e-1f6f0c6d8b52';

/** UUID version 5 (RFC 9562, 5.5): the same parts always give the same id, so that a report has the same bytes each time. */
export function uuidOf(...parts: readonly string[]): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(JSON.stringify(parts))
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
