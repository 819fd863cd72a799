/** How long and how often `eventually` looks. */
export interface Patience {
  /** seconds until it gives up; default 30 */
  readonly withinS?: number;
  /** milliseconds between two looks; default 50 */
  readonly everyMs?: number;
}

/**
 * Looks again and again until `look` gives something other than `undefined` or `false`, and returns it.
 * A look that throws counts as "not yet"; its error becomes the cause when time is up.
 *
 * @throws {Error} `<what> did not happen within … s`
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { withinS = 30, everyMs = 50 }: Patience = {},
): Promise<T> {
  const end = performance.now() + withinS * 1000;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) throw new Error(`${what} did not happen within ${withinS} s`, { cause });
    await pause(everyMs);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
