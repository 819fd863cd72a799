/** Which key a proxy was given, as its description in Zabbix tells it. */
export interface Mark {
  readonly identity: string;
  readonly fingerprint: string;
}

const line = /^PSK identity (.{1,128}), key ([0-9a-f]{12}) \(zabbix-psk-rotation\)$/m;

/** @returns undefined where we have never given a key */
export function markOf(description: string): Mark | undefined {
  const [, identity, fingerprint] = line.exec(description) ?? [];
  return identity === undefined || fingerprint === undefined ? undefined : { identity, fingerprint };
}

/**
 * A description with our line in it, beside what the operator wrote. It goes to Zabbix in the very update that carries the key:
 * from 7.0 on a proxy's key can neither be read nor compared, so this is the only way to know how far a rotation has come.
 */
export function marked(description: string, { identity, fingerprint }: Mark): string {
  const mark = `PSK identity ${identity}, key ${fingerprint} (zabbix-psk-rotation)`;
  if (line.test(description)) return description.replace(line, () => mark);
  return description === '' ? mark : `${description}\n${mark}`;
}

/** A description without it, as it was before our first key. */
export function unmarked(description: string): string {
  return description.replace(new RegExp(`(^|\\n)${line.source.slice(1, -1)}(?=\\n|$)`), '');
}
