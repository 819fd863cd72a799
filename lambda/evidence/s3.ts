import { type Answer, ask } from '../ask.ts';
import { askedAgain, type Tried } from '../asked-again.ts';
import type { Clock } from '../rotation/ports.ts';
import { domainOf, type PlainRequest, type Signing, sha256Base64, signed } from '../signed-request.ts';
import type { Bucket } from './bucket.ts';

export interface S3Options {
  readonly bucket: string;
  readonly signing: Signing;
  readonly clock: Clock;
  /** Where S3 is, when it is not where the Region says; `https://…` without a path. */
  readonly endpoint?: string | undefined;
}

/** S3 answered with something that is neither the answer nor worth another try. */
export class S3Refused extends Error {
  override readonly name = 'S3Refused';
}

/** For one try; a record has a few kB. Milliseconds. */
const answerWithinMs = 10_000;

/** The object exists: 412. While somebody else is just writing it the answer is 409, and to ask again. */
const isGood = (status: number) => status >= 200 && status < 300;
const isTaken = (status: number) => status === 412;
const isWorthAnotherTry = (status: number) => [409, 429, 500, 502, 503, 504].includes(status);

/**
 * The three calls that the evidence bucket is used with, signed by hand: S3's own client would make the bundle 175 kB bigger.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3Bucket({ bucket, signing, clock, endpoint }: S3Options): Bucket {
  // A bucket of ours has no dots in its name, so that Amazon's certificate fits the host; a local stand-in has one host only.
  const base =
    endpoint === undefined
      ? `https://${bucket}.s3.${signing.region}.${domainOf(signing.region)}`
      : `${endpoint}/${bucket}`;

  const call = (request: Omit<PlainRequest, 'service'>) => askedAgain(() => once({ service: 's3', ...request }), clock);

  /** Signed anew for each try: a signature names its moment. */
  async function once(request: PlainRequest): Promise<Tried<Answer>> {
    const { url, asking } = await signed(request, signing, new Date(clock.now().ms));
    try {
      const answer = await ask(url, asking, answerWithinMs);
      if (isGood(answer.status) || isTaken(answer.status)) return { answer };
      return { why: whyOf(answer), mayPass: isWorthAnotherTry(answer.status) };
    } catch (cause) {
      const why = new S3Refused(`S3 could not be asked (${request.method} ${url.pathname})`, { cause });
      return { why, mayPass: true };
    }
  }

  async function get(key: string): Promise<string> {
    return (await call({ method: 'GET', url: new URL(`${base}/${encoded(key)}`) })).text;
  }

  return {
    async list(prefix) {
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const more = token === undefined ? {} : { 'continuation-token': token };
        const query = { 'list-type': '2', prefix, 'encoding-type': 'url', ...more };
        const { text: xml } = await call({ method: 'GET', url: new URL(`${base}/`), query });
        keys.push(...texts(xml, 'Key').map((key) => decodeURIComponent(key.replaceAll('+', ' '))));
        token = texts(xml, 'NextContinuationToken')[0];
      } while (token !== undefined);
      return keys;
    },

    get,

    async putNew(key, body) {
      const headers = {
        'if-none-match': '*',
        'content-type': contentTypeOf(key),
        // Object Lock takes no object without a checksum.
        'x-amz-checksum-sha256': sha256Base64(body),
      };
      const { status } = await call({ method: 'PUT', url: new URL(`${base}/${encoded(key)}`), headers, body });
      if (!isTaken(status)) return true;
      // An answer of ours that was lost has written it as well.
      return (await get(key)) === body;
    },
  };
}

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  pem: 'text/plain; charset=utf-8',
  sig: 'text/plain; charset=utf-8',
};

/** By which a browser that opens an object knows what it is. */
function contentTypeOf(key: string): string {
  return contentTypes[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/json';
}

/** The path as it is signed and sent: every byte but the unreserved ones, and the slashes between. */
function encoded(key: string): string {
  return key.split('/').map(uriPart).join('/');
}

export function uriPart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Contents of an element that holds text only. The answer of ListObjectsV2 has no others of these names. */
function texts(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) => plain(text));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => entities[name] ?? whole);
}

function whyOf({ status, text: xml }: Answer): S3Refused {
  const [code = `status ${status}`] = texts(xml, 'Code');
  const [message = ''] = texts(xml, 'Message');
  return new S3Refused(`S3 says ${code}${message === '' ? '' : `: ${message}`}`);
}
