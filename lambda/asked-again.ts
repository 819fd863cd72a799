import type { Clock } from './rotation/ports.ts';

/** What came of one try: an answer, or why there is none and whether the same may be answered soon. */
export type Tried<T> = { readonly answer: T } | { readonly why: Error; readonly mayPass: boolean };

/** Pauses before each further try, in milliseconds: "reduce your request rate" passes within seconds. */
const pausesMs = [300, 1_000, 3_000];

/**
 * Asks a service until it answers, is not worth another try, or has been asked often enough.
 *
 * @throws why the last try had no answer
 */
export async function askedAgain<T>(once: () => Promise<Tried<T>>, clock: Pick<Clock, 'sleep'>): Promise<T> {
  for (const pauseMs of pausesMs) {
    const tried = await once();
    if ('answer' in tried) return tried.answer;
    if (!tried.mayPass) throw tried.why;
    await clock.sleep(pauseMs);
  }
  const last = await once();
  if ('answer' in last) return last.answer;
  throw last.why;
}
