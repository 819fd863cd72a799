export type Encryption = 'none' | 'psk' | 'certificate';

/** Zabbix' bitmask: 1 none, 2 PSK, 4 certificate. */
export function encryption(mask: number): Encryption[] {
  const all = [
    [1, 'none'],
    [2, 'psk'],
    [4, 'certificate'],
  ] as const;
  return all.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name);
}
