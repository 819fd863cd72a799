import { Refusal } from '../errors.ts';
import { noWitness } from './contact.ts';
import type { Certificate, CurrentValue, MonitoredHost } from './model.ts';
import type { Stored } from './stored-credential.ts';

/**
 * What speaks against rotating a target, as Zabbix describes it; the first problem is what a human should mend first.
 *
 * @param stored which of the rotation's two Zabbix holds for it
 */
export function hostProblem(
  host: MonitoredHost,
  current: CurrentValue,
  stored: Stored,
  secretName: string,
): Refusal | undefined {
  const named = `${host.kind} "${host.name}"`;
  if (!host.enabled) {
    return new Refusal(
      'HOST_DISABLED',
      `${named} is disabled in Zabbix, so nothing could be proven; enable it or take it out of the secret`,
    );
  }
  // With the next key given already, what has begun goes on, and is proven when the maintenance has ended.
  if (host.silenced && stored !== 'pending') {
    return new Refusal(
      'HOST_IN_MAINTENANCE',
      `${named} is in a maintenance without data collection, so nothing could be proven; wait until it ends or make it one with data collection`,
    );
  }
  const isAnother = stored === 'other' || stored === 'untold';
  const certificate = current.key === undefined ? current.certificate : undefined;
  if (certificate !== undefined && isAnother) {
    return new Refusal(
      'CERTIFICATE_DIFFERS',
      `${secretName} says that ${named} uses certificates, with ${inWords(certificate)}; in Zabbix ${inZabbix(host)}; correct the one that is wrong: a first key takes the place of certificates alone, in every direction`,
    );
  }
  if (certificate === undefined && (host.connect === 'certificate' || host.accept.includes('certificate'))) {
    return new Refusal(
      'HOST_USES_CERTIFICATE',
      `${named} uses certificates, which this service does not manage; take it out of the secret, or have it get a key in their place (docs/rotation.md, "First encryption")`,
    );
  }
  if (current.key === undefined && isAnother) {
    return new Refusal(
      'HOST_ENCRYPTED_ALREADY',
      `${named} has a pre-shared key in Zabbix, and ${secretName} says that it is unencrypted; put the identity and psk in use there in place of "unencrypted", or take them away from the ${host.kind}'s Encryption tab`,
    );
  }
  if (current.key !== undefined && host.connect !== 'psk' && !host.accept.includes('psk')) {
    return new Refusal(
      'HOST_WITHOUT_PSK',
      `${named} does not use a pre-shared key in Zabbix; set one on the ${host.kind}'s Encryption tab and on the ${host.kind === 'proxy' ? 'proxy itself' : 'agent'} first, or ask for its first encryption`,
    );
  }
  if (host.witness === undefined)
    return new Refusal(
      'HOST_WITHOUT_WITNESS',
      current.takes === 'unencrypted-too'
        ? `${named} could not be proven to be encrypted: no item of it that Zabbix polls comes every two minutes or more often, and with unencrypted connections taken too what an agent sends proves nothing; add agent.ping, or ask for "firstEncryption": "only-psk"`
        : `${named} could not be proven to be heard: ${noWitness}`,
    );
  return undefined;
}

function inWords({ issuer, subject }: Certificate): string {
  return `${issuer === '' ? 'any issuer' : `issuer "${issuer}"`} and ${subject === '' ? 'any subject' : `subject "${subject}"`}`;
}

const words = { none: 'no encryption', psk: 'PSK', certificate: 'certificate' } as const;

/** Of a proxy, the one direction that it has. */
function inZabbix({ kind, connect, accept, certificate }: MonitoredHost): string {
  const taken = accept.map((how) => words[how]).join(' and ');
  const connects = `connections to it use ${words[connect]}`;
  const accepts = `from it are taken with ${taken}`;
  const both =
    kind === 'host' ? `${connects}, those ${accepts}` : accept.length === 0 ? connects : `connections ${accepts}`;
  return certificate === undefined ? both : `${both}, with ${inWords(certificate)}`;
}
