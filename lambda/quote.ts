/** Longest text of another party in a sentence of ours, in characters. The host scripts shorten theirs to 700. */
const longest = 700;

/** A key has at least 32 hex digits, and so has nothing else that a human must read. */
const keyLike = /[0-9A-Fa-f]{32,}/g;

/** Escape sequences for terminals, marks that turn the order of letters around, halves of a character. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * What another party said (Zabbix, a node's script), fit to stand in a sentence, a log line or a mail of ours: one line that can
 * be read, not endless, and nothing in it that looks like a key.
 */
export function quote(text: string): string {
  // Masked before it is cut: the rest of a key that was cut in two would no longer look like one.
  return shortened(visible(text.replace(/[\t\n\v\f\r]+/g, ' ')).replace(keyLike, '******'), longest);
}

/** A name or path of another party. One that had to be changed here never equals a sound one, so it may still be compared. */
export function quoteName(text: string): string {
  return shortened(visible(text), longest);
}

/** Each by the mark for what cannot be shown: leaving it out could make one name into another. */
function visible(text: string): string {
  return text.replace(invisible, '\uFFFD');
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${visible(text.slice(0, length))}…`;
}
