import { createServer, type IncomingMessage } from 'node:http';
import { listening } from './listening.ts';

/** What a service answers, request by request: a status with a body, of which so many characters are sent, or nothing at all. */
export type Answer = { readonly status: number; readonly body?: string; readonly sent?: number } | 'cut';

/** A service that gives these answers one after the other until the test has finished, and keeps what it was asked. */
export async function answering(answers: readonly Answer[]) {
  const waiting = [...answers];
  const asked: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const port = await listening(
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push({ request, body });
      const answer = waiting.shift() ?? 'cut';
      if (answer === 'cut') request.socket.destroy();
      else {
        const { status, body: whole = '', sent = whole.length } = answer;
        response.writeHead(status, { 'content-length': whole.length });
        if (sent === whole.length) response.end(whole);
        else response.write(whole.slice(0, sent), () => response.destroy());
      }
    }),
  );
  return { endpoint: `http://127.0.0.1:${port}`, asked };
}
