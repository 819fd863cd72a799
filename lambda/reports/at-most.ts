/**
 * Does the same for all of them, so many at a time, and waits for every one also when one fails: what still ran when a call ends
 * would go on in the middle of the next one.
 *
 * @returns in the order of `all`
 * @throws the first failure, when all have ended
 */
export async function atMost<T, R>(
  limit: number,
  all: readonly T[],
  work: (one: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const waiting = all.entries();
  const lane = async () => {
    // One iterator for all lanes: each takes what is next.
    for (const [index, one] of waiting) {
      try {
        results[index] = await work(one, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, all.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
