import { createPublicKey } from 'node:crypto';
import { object, string } from 'zod/mini';
import { ask } from '../ask.ts';
import { askedAgain, type Tried } from '../asked-again.ts';
import type { Clock } from '../rotation/ports.ts';
import { domainOf, type Signing, sha256Base64, signed } from '../signed-request.ts';

export interface SigningKeyOptions {
  /** ARN of an asymmetric key, ECC_NIST_P256. */
  readonly keyArn: string;
  readonly signing: Signing;
  readonly clock: Clock;
  /** Where KMS is, when it is not where the Region says; `https://…` without a path. */
  readonly endpoint?: string | undefined;
}

/** KMS answered with something that is neither the answer nor worth another try. */
export class KmsRefused extends Error {
  override readonly name = 'KmsRefused';
}

/** For one try. Milliseconds. */
const answerWithinMs = 10_000;

const publicKeyShape = object({ PublicKey: string() });
const signatureShape = object({ Signature: string() });
const errorShape = object({ __type: string() });
const messageShape = object({ message: string() });

/**
 * A key whose private half never leaves KMS. Two calls, signed by hand as those to S3 are.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export function signingKey({ keyArn: KeyId, signing, clock, endpoint }: SigningKeyOptions) {
  const url = new URL(`${endpoint ?? `https://kms.${signing.region}.${domainOf(signing.region)}`}/`);
  const call = (operation: string, request: object) =>
    askedAgain(() => once(operation, JSON.stringify(request)), clock);

  /** Signed anew for each try: a signature names its moment. */
  async function once(operation: string, body: string): Promise<Tried<unknown>> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` };
    const { asking } = await signed(
      { service: 'kms', method: 'POST', url, headers, body },
      signing,
      new Date(clock.now().ms),
    );
    try {
      const { status, text } = await ask(url, asking, answerWithinMs);
      return status === 200 ? { answer: JSON.parse(text) } : refused(status, text);
    } catch (cause) {
      return { why: new KmsRefused(`KMS could not be asked (${operation})`, { cause }), mayPass: true };
    }
  }

  return {
    /** PEM. */
    async publicKey(): Promise<string> {
      const { PublicKey } = publicKeyShape.parse(await call('GetPublicKey', { KeyId }));
      const key = createPublicKey({ key: Buffer.from(PublicKey, 'base64'), format: 'der', type: 'spki' });
      return key.export({ format: 'pem', type: 'spki' }).toString();
    },

    /** @returns the signature of the text's SHA-256, DER in base64; another one each time */
    async sign(text: string): Promise<string> {
      // KMS takes no more than 4096 bytes of a text, so it gets the digest.
      const digest = { Message: sha256Base64(text), MessageType: 'DIGEST' };
      const { Signature } = signatureShape.parse(
        await call('Sign', { KeyId, ...digest, SigningAlgorithm: 'ECDSA_SHA_256' }),
      );
      return Signature;
    },
  };
}

/** "You may be throttled" is a 400 here, told by its name; whatever is KMS' own failure has a status from 500. */
function refused(status: number, text: string): Tried<never> {
  const body = parsed(text);
  const code = errorShape.safeParse(body).data?.__type.split('#').at(-1) ?? `status ${status}`;
  const message = messageShape.safeParse(body).data?.message;
  const why = new KmsRefused(`KMS says ${code}${message === undefined ? '' : `: ${message}`}`);
  return { why, mayPass: status === 429 || status >= 500 || code === 'ThrottlingException' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
