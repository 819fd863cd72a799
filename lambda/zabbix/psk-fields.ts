import type { Certificate, Credential, Protection } from '../rotation/model.ts';

/** A credential in the fields of autoregistration, as an update takes it. */
export function given({ identity, key }: Credential) {
  return { tls_psk_identity: identity, tls_psk: key.reveal() };
}

/** Zabbix' bits: 1 unencrypted, 2 PSK, 4 certificate. */
const bits = { none: 1, 'only-psk': 2, 'unencrypted-too': 3, certificate: 4 } as const;

/**
 * The same of a host or proxy, or that it has none. What it connects and is connected to with changes only with the first credential
 * and back; without PSK in either direction Zabbix forgets identity and key, and without certificates issuer and subject (docs/zabbix-versions.md).
 */
export function protectedBy(wanted: Protection, directions: readonly ('tls_connect' | 'tls_accept')[]) {
  const both = (connect: number, accept: number) =>
    Object.fromEntries(directions.map((field) => [field, field === 'tls_connect' ? connect : accept]));
  if (wanted.key === undefined) {
    const { certificate } = wanted;
    return certificate === undefined
      ? both(bits.none, bits.none)
      : { ...both(bits.certificate, bits.certificate), ...named(certificate) };
  }
  const { takes } = wanted;
  return { ...given(wanted), ...(takes === undefined ? {} : both(bits['only-psk'], bits[takes])) };
}

/** The same for `filter`: keys are write-only, but it compares them, to the letter, as they were sent (docs/zabbix-versions.md). */
export function stores(held: Protection) {
  if (held.key !== undefined)
    return { tls_psk_identity: held.identity, tls_psk: [held.key.reveal(), held.key.reveal().toUpperCase()] };
  const { certificate } = held;
  if (certificate === undefined) return { tls_connect: [bits.none], tls_accept: [bits.none] };
  return { tls_connect: [bits.certificate], tls_accept: [bits.certificate], ...named(certificate) };
}

function named({ issuer, subject }: Certificate) {
  return { tls_issuer: issuer, tls_subject: subject };
}
