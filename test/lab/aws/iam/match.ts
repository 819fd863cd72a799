/** Wildcards as IAM reads them: `*` is any run of characters, `?` any single one; there is no other magic. */
const compiled = new Map<string, RegExp>();

export function globMatches(pattern: string, text: string): boolean {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    regex = new RegExp(`^${source}$`, 's');
    compiled.set(pattern, regex);
  }
  return regex.test(text);
}

/** ARNs are compared part by part: a wildcard in one of the first five does not reach over a colon. */
export function arnMatches(pattern: string, text: string): boolean {
  const wanted = arnParts(pattern);
  const actual = arnParts(text);
  return wanted.length === actual.length && wanted.every((part, index) => globMatches(part, actual[index] ?? ''));
}

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
