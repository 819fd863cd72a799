import { createServer, type IncomingMessage } from 'node:http';
import { listening } from './listening.ts';

/** What a service answers, request by request: a status with a body, or nothing at all. */
export type Answer = { readonly status: number; readonly body?: string } | 'cut';

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
      else response.writeHead(answer.status).end(answer.body);
    }),
  );
  return { endpoint: `http://127.0.0.1:${port}`, asked };
}
