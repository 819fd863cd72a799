import type { Credential } from '../rotation/model.ts';

/** A credential in the fields of a host or proxy, as an update takes it. */
export function given({ identity, key }: Credential) {
  return { tls_psk_identity: identity, tls_psk: key.reveal() };
}

/** The same for `filter`: keys are write-only, but it compares them, to the letter, as they were sent (docs/zabbix-versions.md). */
export function stores({ identity, key }: Credential) {
  return { tls_psk_identity: identity, tls_psk: [key.reveal(), key.reveal().toUpperCase()] };
}
