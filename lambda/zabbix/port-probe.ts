import { connect } from 'node:tls';
import type { Credential } from '../rotation/model.ts';

/** `host:port` of the server's trapper. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** TLS 1.3 suites, then the TLS 1.2 suites of Debian's GnuTLS server, which speaks nothing newer. */
const ciphers = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:kECDHEPSK+AES128:kPSK+AES128';
const timeoutMs = 3_000;

/**
 * Whether a server accepts a credential at its port: one handshake, nothing sent.
 *
 * A wrong key or an unknown identity gives no error event: the server just ends the connection before it is secure.
 *
 * @returns undefined when the port could not be reached
 */
export function portAccepts(
  { host, port }: ServerAddress,
  { identity, key }: Credential,
): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    let connected = false;
    const socket = connect({
      host,
      port,
      ciphers,
      // Whoever shows a certificate has not used the key, whatever authority vouches for him: he could be anybody on the way.
      checkServerIdentity: (_, { raw }) => (raw === undefined ? undefined : new Error('a certificate, no key')),
      pskCallback: () => ({ identity, psk: Buffer.from(key.reveal(), 'hex') }),
    });
    // For the whole handshake: a peer that sends a byte now and then would never be silent.
    const timer = setTimeout(() => end(undefined), timeoutMs);
    const end = (accepted: boolean | undefined) => {
      clearTimeout(timer);
      resolve(accepted);
      socket.destroy();
    };
    socket.on('connect', () => {
      connected = true;
    });
    socket.on('secureConnect', () => end(true));
    socket.on('end', () => end(false));
    socket.on('close', () => end(connected ? false : undefined));
    socket.on('error', () => end(connected ? false : undefined));
  });
}
