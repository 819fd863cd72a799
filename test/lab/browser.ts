import { type IncomingMessage, request as plain } from 'node:http';
import { request as overTls } from 'node:https';

/** As much of a browser as a test needs: keeps cookies, follows redirections, and trusts any certificate as a developer would. */
export class Browser {
  readonly #base: string;
  readonly #cookies = new Map<string, string>();

  /** @param base `http://…/` or `https://…/` */
  constructor(base: string) {
    this.#base = base;
  }

  /**
   * The text of a page; with a form, what it answers.
   * @throws {Error} unless the answer is 200 in the end
   */
  async open(address: string, form?: Readonly<Record<string, string>>): Promise<string> {
    const url = new URL(address.replaceAll('&amp;', '&'), this.#base);
    const answer = await this.#ask(url, form);
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(Buffer.from(chunk));
    const { statusCode, headers } = answer;
    if (statusCode === 302 && headers.location !== undefined) return this.open(new URL(headers.location, url).href);
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`);
    return Buffer.concat(chunks).toString('utf8');
  }

  #ask(url: URL, form: Readonly<Record<string, string>> | undefined): Promise<IncomingMessage> {
    const send = url.protocol === 'https:' ? overTls : plain;
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    return new Promise((resolve, reject) => {
      const method = form === undefined ? 'GET' : 'POST';
      const asked = send(url, { method, headers: { cookie, ...type }, rejectUnauthorized: false }, resolve);
      asked.once('error', reject);
      asked.end(form === undefined ? undefined : new URLSearchParams(form).toString());
    });
  }
}
