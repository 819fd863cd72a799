/** The first 12 digits of a plain hash, standing alone: not a part of a version id. */
const plainFingerprint = /(?<![\w-])[0-9a-f]{12}(?![\w-])/g;

/**
 * A sentence names keys as the log does, by the first digits of a plain hash, against which anybody can test a guess. A record is
 * kept for years and read by others: there it names them as the record does, and a key that the record does not know not at all.
 *
 * @param hmacOf HMAC fingerprints by plain ones
 */
export function unhashed(sentence: string, hmacOf: ReadonlyMap<string, string>): string {
  return sentence.replace(plainFingerprint, (plain) => hmacOf.get(plain) ?? '************');
}
