import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

/** Zabbix takes keys of 16 to 256 bytes, written as hex digits (Zabbix documentation, "Using pre-shared keys"). */
export const keyBytesMin = 16;
export const keyBytesMax = 256;

/** The secret half of a credential. Prints as its fingerprint; `grep -rn 'reveal()'` lists every place it leaves. */
export class PskKey {
  readonly #hex: string;
  #fingerprint: string | undefined;

  private constructor(hex: string) {
    this.#hex = hex.toLowerCase();
  }

  /** @throws {RangeError} unless 32 to 512 hex digits, even in number; the message says what is wrong and never shows the value */
  static parse(hex: string): PskKey {
    if (/\s/.test(hex)) throw new RangeError('the key holds a blank or a newline; only hex digits may stand there');
    if (/[^0-9a-fA-F]/.test(hex)) throw new RangeError('the key holds something other than hex digits');
    if (hex.length < 2 * keyBytesMin || hex.length > 2 * keyBytesMax || hex.length % 2 === 1) {
      throw new RangeError(`the key has ${hex.length} hex digits; Zabbix takes 32 to 512, even in number`);
    }
    return new PskKey(hex);
  }

  static mint(bytes: number): PskKey {
    return PskKey.parse(randomBytes(bytes).toString('hex'));
  }

  reveal(): string {
    return this.#hex;
  }

  /** First 12 hex digits of SHA-256 over the lower-case hex digits: enough to compare in a report, useless to an attacker. */
  get fingerprint(): string {
    this.#fingerprint ??= createHash('sha256').update(this.#hex).digest('hex').slice(0, 12);
    return this.#fingerprint;
  }

  get bytes(): number {
    return this.#hex.length / 2;
  }

  toString(): string {
    return `psk:${this.fingerprint}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
