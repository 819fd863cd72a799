/** Where Zabbix is, and what it does not tell by itself. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { placePattern, tryNewerVersions } from '../../lambda/contract.ts';
import { errorCode, type Fields } from '../fields.ts';

export interface Zabbix {
  /** The API's address, https only: `https://zabbix.example.com/api_jsonrpc.php` */
  readonly url: string;
  /** PEM certificates of the private authority that signed Zabbix' certificate (from `caFile`, relative to the inventory). */
  readonly caPem?: string;
  /** `host:port` of the Zabbix server's trapper, for the TLS-PSK probe from the function. */
  readonly server?: string;
  /**
   * Its other addresses, as agents name them in `ServerActive`: proxies, nodes of a cluster, a server's second name. Without a port, 10051.
   * Absent: of several places that an agent reports to, `server` alone is known to be of this Zabbix.
   */
  readonly places?: readonly string[];
  /** Name of the global script that the function may call through `script.execute`. */
  readonly probeScript?: string;
  /** The server's `CacheUpdateFrequency`, in seconds, where its configuration file sets one. The API does not tell it. */
  readonly cacheUpdateFrequencyS?: number;
  /**
   * The server's `ProxyConfigFrequency`, in seconds: how often a passive proxy before 7.0 is sent its configuration, and with it the keys of
   * its hosts. Absent: hosts behind such a proxy are refused.
   */
  readonly proxyConfigFrequencyS?: number;
  /** Absent: a Zabbix that is newer than this service knows is refused. */
  readonly newerVersions?: typeof tryNewerVersions;
}

/** A rotation may wait as long on its way back, and must have ended before the next one, which may come 4 hours later. */
const mostProxyConfigFrequencyS = 6_000;
/** Lambda allows 4 kB for the whole environment; names of documents and addresses need less than 1.5 kB of it. Nodes of `reload` and `zabbix.places` share this room. */
export const mostCaBytes = 2_500;

/** @param folder the inventory's, which `caFile` is relative to */
export function zabbix(fields: Fields, folder: string): Zabbix {
  const url = fields.text('url', urlProblem);
  const caPem = caPemFrom(fields, folder);
  const server = fields.optionalText('server', serverProblem);
  const places = placesIn(fields);
  const probeScript = fields.optionalText('probeScript', probeScriptProblem);
  const cacheUpdateFrequencyS = fields.wholeNumber('cacheUpdateFrequencyS', 1, 3_600);
  const proxyConfigFrequencyS = fields.wholeNumber('proxyConfigFrequencyS', 1, mostProxyConfigFrequencyS);
  const newerVersions = fields.optionalText('newerVersions', newerVersionsProblem);
  fields.refuseOthers();
  return {
    url,
    ...(caPem === undefined ? {} : { caPem }),
    ...(server === undefined ? {} : { server }),
    ...(places.length === 0 ? {} : { places }),
    ...(probeScript === undefined ? {} : { probeScript }),
    ...(cacheUpdateFrequencyS === undefined ? {} : { cacheUpdateFrequencyS }),
    ...(proxyConfigFrequencyS === undefined ? {} : { proxyConfigFrequencyS }),
    ...(newerVersions === tryNewerVersions ? { newerVersions } : {}),
  };
}

function urlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'is not an address; write it like https://zabbix.example.com/api_jsonrpc.php.';
  const url = new URL(value);
  if (url.protocol !== 'https:') {
    return 'must begin with https://: keys and the API token travel over this connection; give the frontend a certificate (a private authority goes into caFile).';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user or password; they belong into the access secret.';
  }
  if (!url.pathname.endsWith('/api_jsonrpc.php') || url.search !== '' || url.hash !== '') {
    return 'must end with /api_jsonrpc.php, which is where Zabbix answers API calls; add it to the address of the frontend.';
  }
  return undefined;
}

function serverProblem(value: string): string | undefined {
  const port = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})$/.exec(value)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    return 'must be host:port; write it like zabbix.example.com:10051.';
  }
  return undefined;
}

function placesIn(fields: Fields): readonly string[] {
  return fields.optionalList('places').filter((place): place is string => {
    if (typeof place === 'string' && placePattern.test(place)) return true;
    fields.complain('places', place, 'must be one address, with a port or without; write it as ServerActive has it.');
    return false;
  });
}

function probeScriptProblem(value: string): string | undefined {
  if (!/^[^\p{Cc}]{1,255}$/u.test(value)) {
    return 'must be the name of a script in Zabbix, 1 to 255 characters in one line; copy it from Alerts > Scripts.';
  }
  return undefined;
}

function newerVersionsProblem(value: string): string | undefined {
  if (value === tryNewerVersions) return undefined;
  return `must be "${tryNewerVersions}", at your own risk; remove the line and a Zabbix newer than this service knows is refused.`;
}

/** Certificates only, without the comments that `openssl x509 -text` leaves around them. */
function caPemFrom(fields: Fields, folder: string): string | undefined {
  const name = fields.optionalText('caFile', () => undefined);
  if (name === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(resolve(folder, name), 'utf8');
  } catch (cause) {
    fields.complain(
      'caFile',
      name,
      `cannot be read (${errorCode(cause)}); its path is relative to the inventory's folder.`,
    );
    return undefined;
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (/PRIVATE KEY-----/.test(text)) {
    fields.complain(
      'caFile',
      name,
      'holds a private key, which would end in the template; name a file with certificates only.',
    );
  } else if (certificates.length === 0 || !certificates.every(isCertificate)) {
    fields.complain('caFile', name, 'is not a PEM certificate; convert it with openssl x509 -inform der -outform pem.');
  } else if (certificates.join('\n').length > mostCaBytes) {
    fields.complain(
      'caFile',
      name,
      `holds ${certificates.join('\n').length} bytes of certificates, but only ${mostCaBytes} fit into the function's environment; keep the one authority that signed Zabbix' certificate.`,
    );
  } else {
    return certificates.join('\n');
  }
  return undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}
