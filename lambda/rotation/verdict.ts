import type { Evidence, Verdict } from './model.ts';

/**
 * What the evidence says of one target: ordered, named, pure. The first check that speaks decides.
 *
 * @param wanted fingerprint of the key that both sides should be on
 */
export function judge(evidence: Evidence, wanted: string): Verdict {
  for (const check of checks) {
    const verdict = check(evidence, wanted);
    if (verdict !== undefined) return verdict;
  }
  return { verdict: 'proven' };
}

type Check = (evidence: Evidence, wanted: string) => Verdict | undefined;

const checks: readonly Check[] = [
  // "Could not ask" is never evidence: going back on it could break what works.
  function everybodyCouldBeAsked({ node, stored, contact }) {
    if ('unknown' in node) return { verdict: 'unknown', because: `its node could not be asked (${node.unknown})` };
    if (stored === 'unknown') {
      const why = contact.seen === 'unknown' ? ` (${contact.because})` : '';
      return { verdict: 'unknown', because: `Zabbix could not be asked for what proves it${why}` };
    }
    if (contact.seen === 'unknown')
      return {
        verdict: 'unknown',
        because: 'none' in node ? contact.because : `Zabbix could not be asked for fresh values (${contact.because})`,
      };
    return undefined;
  },
  function neitherSideMoved({ node, stored }, wanted) {
    if ('fingerprint' in node && node.fingerprint !== wanted && stored !== 'wanted') {
      return { verdict: 'unswitched', because: 'neither Zabbix nor the agent holds the key' };
    }
    return undefined;
  },
  function bothHoldTheKey({ node, stored }, wanted) {
    if ('fingerprint' in node && node.fingerprint !== wanted)
      return { verdict: 'silent', because: `Zabbix holds the key, the agent holds ${node.fingerprint}` };
    // Where Zabbix does not tell, contact does: the two could not speak if it held another.
    if (stored === 'other') return { verdict: 'silent', because: 'the agent holds the key, Zabbix holds another' };
    return undefined;
  },
  function freshContact({ node, contact }) {
    if (contact.seen !== 'none') return undefined;
    if ('none' in node)
      return {
        verdict: 'unswitched',
        because: `the server still refused the key at its port after ${contact.waitedS} s`,
      };
    return contact.error === undefined
      ? { verdict: 'silent', because: `no fresh value came in ${contact.waitedS} s` }
      : { verdict: 'refused', because: `no fresh value came in ${contact.waitedS} s; Zabbix says: ${contact.error}` };
  },
  function oldKeyIsDead({ oldKey }) {
    return oldKey === 'accepted'
      ? { verdict: 'unswitched', because: 'the server still accepts the key that was replaced' }
      : undefined;
  },
];
