import type { Machine } from '../machine.ts';

/** Where a program finds what it shows to the other side and whom it trusts. */
export const certificateParameters = {
  TLSCAFile: '/etc/zabbix/tls/ca.pem',
  TLSCertFile: '/etc/zabbix/tls/own.pem',
  TLSKeyFile: '/etc/zabbix/tls/own.key',
} as const;

/** Whom a certificate is from and of, as Zabbix writes it; empty: anybody. */
export interface Certificate {
  readonly issuer: string;
  readonly subject: string;
}

/** A CA by which the programs of a lab know each other, thrown away with the lab. Its key stays on the server's machine. */
export class Authority {
  readonly #machine: Machine;

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  static async make(machine: Machine): Promise<Authority> {
    await machine.must(['mkdir', '-m', '700', folder]);
    const ca = ['-x509', '-subj', '/O=Lab/CN=Zabbix peers', '-keyout', `${folder}/ca.key`, '-out', `${folder}/ca.pem`];
    await machine.must(['openssl', 'req', ...newKey, ...ca, '-addext', 'keyUsage=critical,keyCertSign']);
    return new Authority(machine);
  }

  /** Gives the machine a certificate of that name, in the files that `certificateParameters` name. */
  async equip(machine: Machine, name: string): Promise<Certificate> {
    const files = [`${folder}/${name}.pem`, `${folder}/${name}.key`] as const;
    const leaf = ['-x509', '-CA', `${folder}/ca.pem`, '-CAkey', `${folder}/ca.key`, '-subj', `/O=Lab/CN=${name}`];
    const extensions = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    const out = ['-out', files[0], '-keyout', files[1]];
    await this.#machine.must(['openssl', 'req', ...newKey, ...leaf, ...extensions, ...out]);
    const { TLSCAFile, TLSCertFile, TLSKeyFile } = certificateParameters;
    machine.makeFolder('/etc/zabbix/tls', 0o755);
    machine.write(TLSCAFile, this.#machine.read(`${folder}/ca.pem`));
    machine.write(TLSCertFile, this.#machine.read(files[0]));
    machine.write(TLSKeyFile, this.#machine.read(files[1]), 0o400);
    await machine.must(['chown', '-R', 'zabbix:zabbix', '/etc/zabbix/tls']);
    return { issuer: 'CN=Zabbix peers,O=Lab', subject: `CN=${name},O=Lab` };
  }
}

const folder = '/root/peers';
// Zabbix offers no cipher suite for any other kind of key unless it is told to (TLSCipherCert).
const newKey = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
