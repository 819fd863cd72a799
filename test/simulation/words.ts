/** Everything that somebody could read of an answer or an error: its message, and those of whatever caused it. */
export function wordsOf(said: unknown): string {
  if (!(said instanceof Error)) return JSON.stringify(said) ?? '';
  const inner = said instanceof AggregateError ? said.errors : [];
  const cause = said.cause === undefined ? [] : [said.cause];
  return [said.name, said.message, JSON.stringify(said), ...[...inner, ...cause].map(wordsOf)].join(' ');
}
