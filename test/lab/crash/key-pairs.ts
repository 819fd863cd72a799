/** RSA key pairs for the scripts of a host, made before anything is measured by the second. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** As many as a rotation and what mends it may ask for. */
const count = 6;

/** The same for every host, since one takes up to two seconds of a core; PEM. */
let made: Promise<readonly string[]> | undefined;

export function keyPairs(): Promise<readonly string[]> {
  made ??= Promise.all(Array.from({ length: count }, keyPair));
  return made;
}

async function keyPair(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
