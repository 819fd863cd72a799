/** HTTPS in front of the frontend, as every real installation has. API calls go through `ApiTraffic`, pages straight on. */
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { z } from 'zod';
import type { ApiAnswer, ApiTraffic } from './api-traffic.ts';
import type { Certificates } from './certificates.ts';

/** Where the frontend listens without TLS. */
export interface PlainFrontend {
  readonly ip: string;
  readonly port: number;
}

export interface TlsFront {
  readonly port: number;
  close(): void;
}

/** Listens on a free port of the frontend's own address. */
export async function startTlsFront(
  frontend: PlainFrontend,
  { keyPem, certificatePem }: Pick<Certificates, 'keyPem' | 'certificatePem'>,
  traffic: ApiTraffic,
): Promise<TlsFront> {
  const tls = createServer({ key: keyPem, cert: certificatePem }, (incoming, outgoing) => {
    if (incoming.method !== 'POST' || incoming.url !== '/api_jsonrpc.php') {
      passOn(frontend, incoming, outgoing);
      return;
    }
    answerCall(frontend, traffic, incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  tls.unref();
  const port = await new Promise<number>((resolve, reject) => {
    tls.once('error', reject);
    tls.listen({ host: frontend.ip, port: 0 }, () => {
      const address = tls.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    port,
    close: () => {
      tls.closeAllConnections();
      tls.close();
    },
  };
}

async function answerCall(
  frontend: PlainFrontend,
  traffic: ApiTraffic,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bodyOf(incoming);
  const answer = await traffic.through(
    methodOf(body),
    (text) => body.includes(text),
    () => ask(frontend, incoming, body),
  );
  if (answer === 'drop') incoming.socket.destroy();
  else outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

function ask({ ip, port }: PlainFrontend, { url, headers }: IncomingMessage, body: Buffer): Promise<ApiAnswer> {
  return new Promise((resolve) => {
    const unanswered = () => resolve({ status: 502 });
    const inner = request({ host: ip, port, method: 'POST', path: url, headers }, (answer) => {
      bodyOf(answer).then(
        (content) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: content }),
        unanswered,
      );
    });
    inner.once('error', unanswered);
    inner.end(body);
  });
}

function passOn({ ip, port }: PlainFrontend, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const inner = request({ host: ip, port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  inner.once('error', () => outgoing.writeHead(502).end());
  incoming.pipe(inner);
}

const jsonRpcCall = z.object({ method: z.string() });

function methodOf(body: Buffer): string {
  try {
    return jsonRpcCall.parse(JSON.parse(body.toString('utf8'))).method;
  } catch {
    return 'unknown';
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
