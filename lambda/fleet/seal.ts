import { constants, createHash, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto';
import type { Credential } from '../rotation/model.ts';

/** What a sealed key is bound to: it opens for nobody else and for no other rotation. */
export interface Binding {
  readonly secretId: string;
  readonly versionId: string;
  readonly node: string;
}

/** `prepare` makes keys of 3072 bits. Weaker than this would protect nothing; longer than Run Command's parameter takes, 4096. */
const bitsMin = 2048;
const bitsMax = 4096;

/** Whether a node's public key is one that a key can be sealed for. */
export function isSealable(publicKey: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = parsed(publicKey);
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return asymmetricKeyType === 'rsa' && bits >= bitsMin && bits <= bitsMax;
  } catch {
    return false;
  }
}

/**
 * Seals the raw key bytes for one node with RSA-OAEP-SHA256. RSA-3072 carries 318 bytes, the longest key has 256.
 * The label is SHA-256 of `secretId|versionId|node`; the node computes it itself (docs/host-scripts.md, switch).
 *
 * @param publicKey SubjectPublicKeyInfo, DER, base64
 * @returns base64
 */
export function seal({ key }: Credential, publicKey: string, { secretId, versionId, node }: Binding): string {
  return publicEncrypt(
    {
      key: parsed(publicKey),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: createHash('sha256').update(`${secretId}|${versionId}|${node}`).digest(),
    },
    Buffer.from(key.reveal(), 'hex'),
  ).toString('base64');
}

function parsed(publicKey: string): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
}
