/** What the demonstration shows: in a terminal a line that lives while something goes on, in a pipe plain lines. */
export class Screen {
  readonly #terminal = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  readonly #beganMs = performance.now();
  #alive: { readonly text: string; readonly sinceMs: number; readonly timer: NodeJS.Timeout } | undefined;

  title(text: string): void {
    this.line('');
    this.line(this.#bold(text));
  }

  line(text: string): void {
    this.#wipe();
    process.stdout.write(`${text}\n`);
    this.#draw();
  }

  /** A fact, with the seconds since the demonstration began. */
  fact(who: string, text: string): void {
    const atS = ((performance.now() - this.#beganMs) / 1000).toFixed(1).padStart(6);
    this.line(`${this.#dim(`${atS} s`)}  ${who.padEnd(24)}${text}`);
  }

  claim(text: string, holds: boolean): void {
    this.line(`  ${holds ? this.#green('✓') : this.#red('✗ NOT TRUE:')} ${text}`);
  }

  /** Shows what is being waited for until it is over, then how long it took. */
  async during<T>(text: string, work: () => Promise<T>): Promise<T> {
    const sinceMs = performance.now();
    if (this.#terminal) this.#alive = { text, sinceMs, timer: setInterval(() => this.#draw(), 100) };
    else this.line(`  … ${text}`);
    try {
      const result = await work();
      this.#end();
      this.line(`  ${this.#green('✓')} ${text} ${this.#dim(`(${seconds(performance.now() - sinceMs)})`)}`);
      return result;
    } finally {
      this.#end();
    }
  }

  #end(): void {
    if (this.#alive === undefined) return;
    clearInterval(this.#alive.timer);
    this.#wipe();
    this.#alive = undefined;
  }

  #draw(): void {
    if (this.#alive === undefined) return;
    const { text, sinceMs } = this.#alive;
    const spokes = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
    const spoke = spokes[Math.floor(performance.now() / 100) % spokes.length];
    process.stdout.write(`\r\x1b[2K  ${spoke} ${text} ${this.#dim(seconds(performance.now() - sinceMs))}`);
  }

  #wipe(): void {
    if (this.#alive !== undefined) process.stdout.write('\r\x1b[2K');
  }

  #paint(code: number, text: string): string {
    return this.#terminal ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
  #bold = (text: string) => this.#paint(1, text);
  #dim = (text: string) => this.#paint(2, text);
  #green = (text: string) => this.#paint(32, text);
  #red = (text: string) => this.#paint(31, text);
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
}
