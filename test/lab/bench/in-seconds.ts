/** Milliseconds as seconds, to the millisecond. */
export function inS(ms: number): number {
  return Math.round(ms) / 1000;
}
