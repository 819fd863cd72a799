import { createHash, createPublicKey, verify } from 'node:crypto';
import { array, type infer as Infer, int, iso, literal, object, optional, regex, string } from 'zod/mini';
import { canonical } from '../evidence/canonical.ts';
import type { Report } from './report-shape.ts';

/** Beside the manifest and not in it: what it is signed with. */
export const manifestName = 'manifest.json';
export const signatureName = 'manifest.sig';
export const publicKeyName = 'signing-key.pem';

const sha256 = string().check(regex(/^[0-9a-f]{64}$/));

export const manifestShape = object({
  format: literal('zabbix-psk-manifest/1'),
  asOf: iso.datetime(),
  /** Of the folder. A plain name: nothing outside it can be meant. */
  files: array(object({ name: string().check(regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)), bytes: int(), sha256 })),
  /** SHA-256 of the public key (DER) of whoever signs this; absent: nobody does. */
  signedWith: optional(sha256),
  /** Where each chain of records ended when the report was made. */
  chains: array(object({ secret: string(), records: int(), head: optional(sha256) })),
});
export type Manifest = Infer<typeof manifestShape>;

/**
 * The bytes that are signed.
 *
 * @param publicKeyPem what they will be signed with; undefined: they will not
 */
export function manifestOf(
  { asOf, chains }: Report,
  files: Manifest['files'],
  publicKeyPem: string | undefined,
): string {
  const signedWith = publicKeyPem === undefined ? {} : { signedWith: keyHash(publicKeyPem) };
  const manifest: Manifest = { format: 'zabbix-psk-manifest/1', asOf, files, chains, ...signedWith };
  return `${canonical(manifest)}\n`;
}

/** @param signature as KMS gives it (DER for ECDSA), base64; SHA-256 with whatever the public key is for */
export function isSigned(manifest: Uint8Array, signature: string, publicKeyPem: string): boolean {
  const base64 = signature.replace(/\s/g, '');
  const bytes = Buffer.from(base64, 'base64');
  // Node reads over what is not base64: a signature that was changed there would still be one.
  if (bytes.toString('base64') !== base64) return false;
  try {
    return verify('sha256', manifest, publicKeyPem, bytes);
  } catch {
    // A key or signature that cannot even be read has signed nothing.
    return false;
  }
}

/** Of the public key's DER, as `aws kms get-public-key` gives it. */
export function keyHash(publicKeyPem: string): string {
  return createHash('sha256')
    .update(createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export function isKey(publicKeyPem: string, hash: string): boolean {
  try {
    return keyHash(publicKeyPem) === hash;
  } catch {
    return false;
  }
}
