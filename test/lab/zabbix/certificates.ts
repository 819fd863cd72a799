import type { Machine } from '../machine.ts';

/** A private CA and one server certificate, thrown away with the lab. All PEM. */
export interface Certificates {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Makes them with the machine's own openssl. */
export async function makeCertificates(machine: Machine, ip: string): Promise<Certificates> {
  const folder = '/root/tls';
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const ca = ['-x509', '-subj', '/CN=Zabbix lab CA', '-keyout', `${folder}/ca.key`, '-out', `${folder}/ca.pem`];
  await machine.must(['mkdir', '-m', '700', folder]);
  await machine.must(['openssl', 'req', ...key, ...ca, '-addext', 'keyUsage=critical,keyCertSign']);
  const leaf = ['-x509', '-CA', `${folder}/ca.pem`, '-CAkey', `${folder}/ca.key`, '-subj', '/CN=Zabbix lab'];
  const extensions = ['-addext', `subjectAltName=IP:${ip}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const out = ['-keyout', `${folder}/web.key`, '-out', `${folder}/web.pem`];
  await machine.must(['openssl', 'req', ...key, ...leaf, ...extensions, ...out]);
  return {
    caPem: machine.read(`${folder}/ca.pem`),
    certificatePem: machine.read(`${folder}/web.pem`),
    keyPem: machine.read(`${folder}/web.key`),
  };
}
