export const dayMs = 86_400_000;

/** Whole days from one time to another, ISO 8601; negative when `since` is still to come. */
export function ageInDays(since: string, asOf: string): number {
  return Math.floor((Date.parse(asOf) - Date.parse(since)) / dayMs);
}

/** `2026-11-23`, in UTC. */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}
