import { sentence } from '../errors.ts';
import { waitForCacheRenewal } from './cache-renewal.ts';
import { waitForContact } from './contact.ts';
import type { Deadline } from './deadline.ts';
import { type Evidence, fingerprintOf, type NodeTarget, type Protection, type Rotation } from './model.ts';
import type { Ports } from './ports.ts';
import { type Claim, type Proof, prove } from './prove.ts';
import { judge } from './verdict.ts';

/** What is claimed of a target whose node cannot be asked: both of the rotation's keys must be known, to tell them apart. */
export interface ContactClaim extends Claim {
  readonly rotation: Rotation;
}

/**
 * The proof for a target whose node cannot be asked. Once the server must have renewed its cache it uses the key that is stored
 * and no other, so whatever it hears from the agent after that came over this key.
 */
export async function proveByContact(
  target: NodeTarget,
  claim: ContactClaim,
  ports: Ports,
  deadline: Deadline,
): Promise<Proof> {
  const { wanted } = claim;
  const evidence = await gather(target, claim, ports, deadline);
  const verdict = judge(evidence, fingerprintOf(wanted));
  const byContact = { target, wanted, evidence, verdict, inspection: undefined };
  if (verdict.verdict !== 'proven') return byContact;
  // A server that renews its cache less often than we wait has heard it over the other key: a node that answers by now knows.
  const asked = await prove(target, claim, ports, deadline.within(ports.patience.proveMs));
  return 'unknown' in asked.evidence.node && asked.isExchanging !== true ? byContact : asked;
}

async function gather(
  target: NodeTarget,
  { rotation, wanted }: ContactClaim,
  ports: Ports,
  deadline: Deadline,
): Promise<Evidence> {
  const { monitor, clock, patience } = ports;
  const unasked = 'its node could not be asked';
  try {
    const first = await monitor.find(target, [wanted]);
    if (first.holds !== wanted) {
      const contact = { seen: 'none', waitedS: 0, error: undefined } as const;
      return { node: { byContact: unasked }, stored: 'other', contact, oldKey: 'none' };
    }
    if (first.host.behindProxy !== false) {
      const because = `${unasked}, and the proxy that monitors it may still use the other key`;
      return { node: { unknown: unasked }, stored: 'wanted', contact: { seen: 'unknown', because }, oldKey: 'none' };
    }
    if (isHeardEitherWay(target, wanted)) {
      const because = `${unasked}, and ${fingerprintOf(wanted) === 'certificate' ? 'certificates' : 'unencrypted connections'} are taken too, so that contact does not tell whether it has the key`;
      return { node: { unknown: unasked }, stored: 'wanted', contact: { seen: 'unknown', because }, oldKey: 'none' };
    }
    const fromMs = clock.now().ms;
    const renewal = await waitForCacheRenewal(wanted, rotation, ports, deadline);
    const waitedS = Math.round((clock.now().ms - fromMs) / 1000);
    if (renewal === 'not yet') {
      const contact = { seen: 'none', waitedS, error: 'its server still refuses this key' } as const;
      return { node: { byContact: unasked }, stored: 'wanted', contact, oldKey: 'none' };
    }
    const node = {
      byContact:
        renewal === 'seen'
          ? `${unasked}; the server was seen to use this key and not the other`
          : `${unasked}; the server is taken to renew its cache (CacheUpdateFrequency) within ${waitedS} s`,
    };
    const { host } = await monitor.find(target, [wanted]);
    const contact = await waitForContact(host, undefined, ports, deadline.within(patience.proveMs));
    // Who takes the same rotation the other way may have given the other key meanwhile.
    const { holds } = await monitor.find(target, [wanted]);
    return { node, stored: holds === wanted ? 'wanted' : 'other', contact, oldKey: 'none' };
  } catch (error) {
    const because = sentence(error);
    return { node: { unknown: because }, stored: 'unknown', contact: { seen: 'unknown', because }, oldKey: 'none' };
  }
}

/**
 * Where a first encryption leaves the door open, a host is asked with the key, but an agent that has it is asked without one as well; and a
 * proxy comes either way. An agent that has its key in place of a certificate goes on taking the server's.
 */
function isHeardEitherWay({ kind }: NodeTarget, wanted: Protection): boolean {
  if (wanted.key === undefined && wanted.certificate !== undefined) return kind === 'host';
  if (wanted.takes !== 'unencrypted-too') return false;
  return wanted.key === undefined || kind === 'proxy';
}
