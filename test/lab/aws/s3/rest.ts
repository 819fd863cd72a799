/** S3 speaks REST with XML: an HTTP request as one of the model's, and the model's answer as HTTP. */
import type { IncomingMessage } from 'node:http';
import { isList, isObject, type Json, type JsonObject, parseJson } from '../json.ts';
import type { WireAnswer } from '../router.ts';
import { type Member, operationOf, shapeOf } from '../service-model.ts';

/** Every service's requests come to one port; the scope of the signature names the service. */
export function isS3(request: IncomingMessage): boolean {
  return /Credential=[^,]*\/s3\/aws4_request/.test(request.headers.authorization ?? '');
}

export interface S3Request {
  /** `PutObject`, or method and path for what is not imitated. */
  readonly operation: string;
  readonly parameters: JsonObject;
}

/** Path style: `/<bucket>/<key>`. */
export function readS3({ method = '', url = '', headers }: IncomingMessage, body: string): S3Request {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const [, bucket = '', ...rest] = pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  // What is asked about an object beside itself (its tags, its lock) is a name without a value in the query.
  const named = (url.split('?')[1] ?? '').split('&').filter((part) => part !== '' && !part.includes('='));
  const operation = named.length > 0 ? undefined : operationFor(method, key, searchParams);
  if (operation === undefined) return { operation: `${method} ${url}`, parameters: {} };

  const parameters: Record<string, Json> = { Bucket: bucket, ...(key === '' ? {} : { Key: key }) };
  const { model, operation: described } = operationOf(`s3:${operation}`);
  for (const [name, member] of membersOf(`s3:${operation}`, described.input)) {
    const { location, locationName = name } = member;
    const found =
      location === 'querystring'
        ? searchParams.get(locationName)
        : location === 'header'
          ? headers[locationName.toLowerCase()]
          : undefined;
    if (typeof found !== 'string') continue;
    const { type } = shapeOf(model, member.shape);
    parameters[name] =
      type === 'integer' || type === 'long' ? Number(found) : type === 'boolean' ? found === 'true' : found;
  }
  if (method === 'PUT') parameters.Body = body;
  return { operation, parameters };
}

function operationFor(method: string, key: string, query: URLSearchParams): string | undefined {
  if (key === '') return method === 'GET' && query.get('list-type') === '2' ? 'ListObjectsV2' : undefined;
  return { PUT: 'PutObject', GET: 'GetObject' }[method];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How S3 names what the other services call differently. */
const codes: Readonly<Record<string, readonly [number, string]>> = {
  AccessDeniedException: [403, 'AccessDenied'],
  UnrecognizedClientException: [403, 'InvalidAccessKeyId'],
  ThrottlingException: [503, 'SlowDown'],
};

export function writeS3(operation: string, answer: Extract<WireAnswer, { kind: 'answer' }>): HttpAnswer {
  const body = parseJson(answer.body);
  if (!isObject(body)) throw new TypeError(`the answer to ${operation} is no object`);
  if (answer.errorCode !== undefined) {
    const [status, code] = codes[answer.errorCode] ?? [answer.status, answer.errorCode];
    return xml(status, 'Error', { Code: code, Message: body.message ?? '' });
  }
  const headers: Record<string, string> = {};
  const content: Record<string, Json> = {};
  for (const [name, { location, locationName = name }] of membersOf(
    `s3:${operation}`,
    operationOf(`s3:${operation}`).operation.output,
  )) {
    const value = body[name];
    if (value === undefined) continue;
    if (location === 'header') headers[locationName.toLowerCase()] = inHeader(name, value);
    else content[name] = value;
  }
  if (operation === 'GetObject') return { status: 200, headers, body: String(content.Body ?? '') };
  if (operation === 'PutObject') return { status: 200, headers, body: '' };
  return xml(200, 'ListBucketResult', content);
}

function membersOf(action: string, shapeName: string): readonly (readonly [string, Member])[] {
  const shape = shapeOf(operationOf(action).model, shapeName);
  return shape.type === 'structure' ? Object.entries(shape.members) : [];
}

function inHeader(name: string, value: Json): string {
  if (name === 'LastModified') return new Date(Number(value) * 1000).toUTCString();
  if (name === 'ObjectLockRetainUntilDate') return new Date(Number(value) * 1000).toISOString();
  return String(value);
}

function xml(status: number, root: string, content: JsonObject): HttpAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${elements(content)}</${root}>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

/** Lists are flattened: one element for each item. */
function elements(content: JsonObject): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (isList(value) ? value.map((item) => [name, item] as const) : [[name, value] as const]))
    .map(([name, value]) => `<${name}>${isObject(value) ? elements(value) : escaped(inElement(name, value))}</${name}>`)
    .join('');
}

function inElement(name: string, value: Json): string {
  return name === 'LastModified' ? new Date(Number(value) * 1000).toISOString() : String(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
