/**
 * ECDSA over a digest that somebody else has made, as KMS signs: Node hashes whatever it signs itself. Curve P-256. Not in constant time,
 * which nothing in here needs.
 * @see https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.186-5.pdf 6.4.1
 */
import { createECDH, type KeyObject } from 'node:crypto';

const curve = 'prime256v1';
/** Order of the curve's base point. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** @returns DER */
export function signDigest(digest: Uint8Array, privateKey: KeyObject): Buffer {
  const secret = number(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
  // A number that nobody has used before, and its point: what a throw-away key pair is.
  const once = createECDH(curve);
  const point = once.generateKeys();
  const r = number(point.subarray(1, 33)) % order;
  const s = (inverse(number(once.getPrivateKey())) * (number(digest) + r * secret)) % order;
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** By Fermat: the order is a prime. */
function inverse(of: bigint): bigint {
  let [result, base] = [1n, of % order];
  for (let rest = order - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}

/** DER's INTEGER is signed: a first bit that is set wants a zero byte before it. */
function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const padded = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}
