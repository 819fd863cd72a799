import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Asking } from './ask.ts';

/** The services that we ask without AWS' own clients, which would make the bundle bigger by far (docs/decisions/0008). */
export type Service = 's3' | 'kms';

/** Who signs, and for which Region. */
export interface Signing {
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
}

export interface PlainRequest {
  readonly service: Service;
  readonly method: 'GET' | 'PUT' | 'POST';
  /** With its path encoded and without a query. */
  readonly url: URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request with Signature Version 4. `test/lambda/signed-request.test.ts` holds it against AWS' own examples. */
export async function signed(
  { service, method, url, query = {}, headers = {}, body }: PlainRequest,
  { region, credentials }: Signing,
  at: Date,
): Promise<{ readonly url: URL; readonly asking: Asking }> {
  // S3 alone signs the path as it is sent.
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3' });
  const request = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: { ...query },
      headers: { ...headers, host: url.host, 'x-amz-content-sha256': sha256Hex(body ?? '') },
      body,
    },
    { signingDate: at },
  );
  const target = new URL(url);
  target.search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  return { url: target, asking: { method, headers: request.headers, ...(body === undefined ? {} : { body }) } };
}

/** What the names of a Region's services end with. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

export function sha256Base64(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What the signer hashes with: with a secret it is HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {}
}

function keyOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}
