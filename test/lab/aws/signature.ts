/**
 * Signature Version 4 as S3 and KMS check it. The other services' requests are signed by AWS' own clients; those to these two by
 * our hand, so here it is checked, with nothing of the signer's own code.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

interface Signed {
  readonly service: 's3' | 'kms';
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const form =
  /^AWS4-HMAC-SHA256 Credential=[A-Z0-9]+\/(?<day>\d{8})\/(?<region>[a-z0-9-]+)\/(?<named>[a-z0-9]+)\/aws4_request, ?SignedHeaders=(?<signed>[a-z0-9;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/;

/** @returns what is wrong with the signature; undefined: nothing */
export function signatureProblem(
  { service, method, url, headers, body }: Signed,
  secretAccessKey: string,
): string | undefined {
  const { day, region, named, signed, signature } = headers.authorization?.match(form)?.groups ?? {};
  if (day === undefined || region === undefined || signed === undefined) return 'The authorization header is malformed';
  if (named !== service) return `Credential should be scoped to correct service: '${service}'.`;
  const names = signed.split(';');
  const mustBeSigned = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = mustBeSigned.filter((name) => !names.includes(name));
  if (unsigned.length > 0) return `There were headers present in the request which were not signed: ${unsigned}`;
  // S3 wants to be told; the others take the body as it came.
  const payload = String(headers['x-amz-content-sha256'] ?? (service === 's3' ? undefined : sha256(body)));
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256(body))
    return "The provided 'x-amz-content-sha256' header does not match what was computed.";

  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query
      .split('&')
      .filter((part) => part !== '')
      .map((part) => (part.includes('=') ? part : `${part}=`))
      .sort()
      .join('&'),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signed,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (from, part) => createHmac('sha256', from).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const expected = createHmac('sha256', key).update(text).digest('hex');
  return expected === signature
    ? undefined
    : 'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
