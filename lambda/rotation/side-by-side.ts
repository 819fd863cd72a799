/**
 * Does the same for all of them at once and waits for every one, also when one fails: what still ran when a call ends would be
 * frozen with its environment and go on in the middle of the next call (Lambda execution environment lifecycle).
 *
 * @throws the first failure, when all have ended
 */
export async function sideBySide<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const ended = await Promise.allSettled(all.map(work));
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
