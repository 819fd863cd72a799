import { sentence } from '../errors.ts';
import { fingerprintOf, type Protection, type Rotation } from './model.ts';
import type { Proof } from './prove.ts';

/** What is true after every target came back. */
export function rolledBackSentence(proofs: readonly Proof[]): string {
  if (proofs.length === 0) return 'rolled back: Zabbix had not been given a new key yet';
  const names = proofs.map(({ target }) => target.name).join(', ');
  const byContact = proofs.flatMap(({ target, evidence: { node } }) =>
    'byContact' in node ? [` (${target.name} by contact: ${node.byContact})`] : [],
  );
  const old = proofs.every(({ wanted }) => wanted.key === undefined)
    ? proofs.some(({ wanted }) => fingerprintOf(wanted) === 'certificate')
      ? 'on the certificate again, as before'
      : 'unencrypted again, as before'
    : 'on the old key again';
  return `rolled back: ${names} ${proofs.length === 1 ? 'is' : 'are'} proven to be ${old}${byContact.join('')}`;
}

/** Which target holds which key, and what to do, when going back failed too. */
export function strandedSentence(
  rotation: Rotation,
  cause: unknown,
  notBack: readonly Proof[],
  failures: readonly unknown[],
): string {
  const where = notBack.map((proof) => whereItIs(proof, rotation));
  const why = failures.map(sentence);
  return `${sentence(cause)}; going back failed too. ${[...where, ...why].join('; ')}. ${rotation.current.key === undefined ? 'There was no key before, the new one is' : 'The old key is AWSCURRENT, the new one'} AWSPENDING of ${rotation.secretName} (version ${rotation.versionId}); see which holds with {"inspect": "${rotation.secretName}"}, then {"rotate": "${rotation.secretName}", "abandon": "${rotation.versionId}"} tries to go back again`;
}

function whereItIs({ target, wanted, evidence, verdict, inspection }: Proof, rotation: Rotation): string {
  if (verdict.verdict === 'proven') {
    return `${target.name} cannot be taken back and works with ${keyName(fingerprintOf(wanted), rotation)} on both sides, so Zabbix keeps that key for it`;
  }
  if ('none' in evidence.node) return `${target.name}: Zabbix does not tell which key it holds (${verdict.because})`;
  const onNode =
    'fingerprint' in evidence.node
      ? inspection?.running === false
        ? `its agent is down with ${keyName(evidence.node.fingerprint, rotation)} in place`
        : `its agent holds ${keyName(evidence.node.fingerprint, rotation)}`
      : 'its node could not be asked';
  return `${target.name}: ${inZabbix(evidence.stored, wanted, rotation)}, ${onNode} (${verdict.because})`;
}

function inZabbix(stored: Proof['evidence']['stored'], wanted: Protection, rotation: Rotation): string {
  const name = keyName(fingerprintOf(wanted), rotation);
  if (stored === 'unknown') return 'Zabbix could not be asked';
  return stored === 'wanted' ? `Zabbix holds ${name}` : `Zabbix does not hold ${name}`;
}

function keyName(fingerprint: string, { current, pending }: Rotation): string {
  if (fingerprint === fingerprintOf(current))
    return { unencrypted: 'no key', certificate: 'the certificate' }[fingerprint] ?? 'the old key';
  return fingerprint === pending.key.fingerprint ? 'the new key' : `another key (${fingerprint})`;
}
