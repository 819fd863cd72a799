import { randomInt } from 'node:crypto';

/** No vowels, no 0/1/l/o: a suffix never spells a word and is read aloud without doubt. */
const suffixAlphabet = 'bcdfghjkmnpqrstvwxz23456789';
const suffixLength = 6;
const ownSuffix = new RegExp(`\\.[${suffixAlphabet}]{${suffixLength}}$`);

/** Bytes that every TLS library takes; in our alphabet they are characters (docs/zabbix-versions.md). */
const identityBytesMax = 127;

/** What an identity may hold, one byte each, to be given to Zabbix, a shell and a configuration file without any of them reading it as code. */
export const safeIdentity = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * A new identity with every key: `base.suffix`, where base is what stood before our own last suffix.
 *
 * Zabbix allows one key per identity across hosts, proxies and autoregistration, so keeping the name would force everything
 * that shares it to change at once; and a log line that names the identity tells which key it was.
 */
export function nextIdentity(current: string): string {
  const base = current.replace(ownSuffix, '').replace(/[^A-Za-z0-9._:-]/g, '-');
  const suffix = Array.from({ length: suffixLength }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join('');
  return `${base.slice(0, identityBytesMax - suffixLength - 1)}.${suffix}`;
}
