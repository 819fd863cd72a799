import type { Certificate } from '../rotation/model.ts';

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

interface CertificateFields {
  readonly tls_connect: number;
  readonly tls_accept: number;
  readonly tls_issuer?: string | undefined;
  readonly tls_subject?: string | undefined;
}

/** `filter` takes an empty issuer or subject for no condition (docs/zabbix-versions.md), so that they are compared here. */
export function isSame(held: Certificate | undefined, wanted: Certificate | undefined): boolean {
  return held?.issuer === wanted?.issuer && held?.subject === wanted?.subject;
}

/** Whose certificate a host or proxy takes, where it takes any in either direction. */
export function certificateOf(reply: CertificateFields): { readonly certificate?: Certificate } {
  const isUsed = [reply.tls_connect, reply.tls_accept].some((mask) => encryption(mask).includes('certificate'));
  return isUsed ? { certificate: { issuer: reply.tls_issuer ?? '', subject: reply.tls_subject ?? '' } } : {};
}
