import type { Credential, Protection } from '../rotation/model.ts';

/** A credential in the fields of autoregistration, as an update takes it. */
export function given({ identity, key }: Credential) {
  return { tls_psk_identity: identity, tls_psk: key.reveal() };
}

/** Zabbix' bits: 1 unencrypted, 2 PSK. */
const bits = { none: 1, 'only-psk': 2, 'unencrypted-too': 3 } as const;

/**
 * The same of a host or proxy, or that it has none. What it connects and is connected to with changes only with the first credential
 * and back; without PSK in either direction Zabbix forgets identity and key (docs/zabbix-versions.md).
 */
export function protectedBy(wanted: Protection, directions: readonly ('tls_connect' | 'tls_accept')[]) {
  const both = (connect: number, accept: number) =>
    Object.fromEntries(directions.map((field) => [field, field === 'tls_connect' ? connect : accept]));
  if (wanted.key === undefined) return both(bits.none, bits.none);
  const { takes } = wanted;
  return { ...given(wanted), ...(takes === undefined ? {} : both(bits['only-psk'], bits[takes])) };
}

/** The same for `filter`: keys are write-only, but it compares them, to the letter, as they were sent (docs/zabbix-versions.md). */
export function stores({ identity, key }: Protection) {
  if (key === undefined) return { tls_connect: [bits.none], tls_accept: [bits.none] };
  return { tls_psk_identity: identity, tls_psk: [key.reveal(), key.reveal().toUpperCase()] };
}
