import { requestedTokenPrefix } from '../contract.ts';
import { RecordNotKept, sentence } from '../errors.ts';
import { isAskedFromHere } from './gate.ts';
import {
  type Credential,
  type Evidence,
  fingerprintOf,
  type Gate,
  type Inspection,
  type Instant,
  type Protection,
  type RotationIds,
  type SwitchAccount,
  type Target,
  type Through,
  type Verdict,
  type Witness,
} from './model.ts';
import type { Archive, Ports } from './ports.ts';
import type { Proof } from './prove.ts';

/** What the record of a rotation tells of one target. Fingerprints, never keys. */
export interface TargetRecord {
  readonly kind: Target['kind'];
  readonly target: string;
  /** None: it is autoregistration. */
  readonly node: string | undefined;
  /** Undefined: the target is unencrypted. */
  readonly identity: string | undefined;
  readonly from?: string;
  readonly to: string;
  readonly gate?: Gate | undefined;
  /** Seconds from armed to accepted by the server. */
  readonly serverWaitS?: number | undefined;
  /** Whose caches are told to reload when it has been given a key; whether they took it is in the log. */
  readonly reloads?: readonly string[] | undefined;
  /** Name of the proxy that monitors it, null where the API user may not read it; undefined: none does, or it could not be asked. */
  readonly proxy?: string | null;
  /** Milliseconds from the agent's stop to its listening again, by the node's clock. */
  readonly agentDownMs?: number | undefined;
  /** By the node's clock, ISO 8601; of autoregistration, when this function saw the server take the key. */
  readonly switchedAt?: string | undefined;
  readonly proofs: Judged | AskedAgain;
}

/** What was concluded, and from what. */
export type Judged = Evidence & { readonly verdict: Verdict['verdict']; readonly because?: string };

/** What is true after the promotion, asked without waiting: the proofs themselves came before it. */
export interface AskedAgain {
  readonly fingerprintOnNode: string | undefined;
  readonly oldKey: SwitchAccount['oldKey'] | undefined;
  readonly storedInZabbix?: boolean;
  /** It was not the server but the proxy that monitors it whose taking the key was waited for. */
  readonly behindProxy?: true;
  readonly lastValue?: string | undefined;
  readonly lastValueS?: number | undefined;
  readonly lastValueClockOf?: Witness['clockOf'] | undefined;
  /** Of a proxy: whether the server takes it for online, where the version tells. */
  readonly state?: 'online' | 'offline';
  /** Of a proxy whose node could be asked. */
  readonly through?: Through;
  /** Why Zabbix could not be asked. */
  readonly notAsked?: string;
}

export interface RotationEnd {
  readonly secretId: string;
  readonly secretName: string;
  readonly token: string;
  readonly outcome: 'rotated' | 'rolled-back' | 'refused' | 'stranded';
  readonly because: string | undefined;
  readonly targets: readonly TargetRecord[];
  /** Until when it would have waited for a passive proxy; undefined: it did not. */
  readonly waitedUntil?: Instant | undefined;
}

/** What a rotation was about, as far as it is known when it ends. */
export interface Exchanged {
  readonly old: Protection | undefined;
  readonly new: Credential | undefined;
}

/**
 * The one event that every rotation ends with, and its record. What comes after it (a label that goes, a node that forgets)
 * must wait until the record is kept: it is by the label that a repair finds what is still to be recorded.
 *
 * @throws {RecordNotKept} when the log has the end and the record could not be kept; the end itself stands
 */
export async function recordEnd(
  { archive, clock }: Pick<Ports, 'archive' | 'clock'>,
  end: RotationEnd,
  exchanged: Exchanged = { old: undefined, new: undefined },
): Promise<void> {
  const ended = clock.now();
  await archive.append({
    event: 'rotation.ended',
    trigger: isAskedFor(end.token) ? 'rotate event' : 'Secrets Manager',
    endedAt: new Date(ended.ms).toISOString(),
    ...end,
  });
  try {
    await archive.keep({ ...end, ended, exchanged, askedFor: isAskedFor(end.token) });
  } catch (error) {
    const ids = { secretId: end.secretId, token: end.token };
    await archive.append({ event: 'record.notKept', ...ids, because: sentence(error) });
    const why = end.because === undefined ? '' : `${end.because}; `;
    throw new RecordNotKept(
      `${why}the rotation of ${end.secretName} (version ${end.token}) has ended as ${end.outcome}, but its record could not be kept (${sentence(error)}); the next try or the repair keeps it`,
      { cause: error },
    );
  }
}

/** The end of a rotation that has waited, or of one that has not. */
export function withWait(end: RotationEnd, waitedUntil: Instant | undefined): RotationEnd {
  return waitedUntil === undefined ? end : { ...end, waitedUntil };
}

/** By `{"rotate": …}`; any other was begun by Secrets Manager. */
function isAskedFor(token: string): boolean {
  return token.startsWith(requestedTokenPrefix);
}

export async function recordProof(
  { archive }: { readonly archive: Archive },
  rotation: RotationIds,
  proof: Proof,
): Promise<void> {
  const { target, evidence, verdict } = proof;
  await archive.append({
    event: verdict.verdict === 'proven' ? 'target.proven' : 'target.notProven',
    secretId: rotation.secretId,
    token: rotation.versionId,
    target: target.name,
    node: target.node,
    verdict,
    evidence,
  });
}

/** How a proof reads in the record of a rotation that went back. */
export function targetRecord({ target, wanted, evidence, verdict, inspection }: Proof): TargetRecord {
  return {
    kind: target.kind,
    target: target.name,
    node: target.node,
    identity: wanted.identity,
    to: fingerprintOf(wanted),
    ...fromAccount(inspection),
    proofs: { ...verdict, ...evidence },
  };
}

/** The node's own account of its last switch, in the record's words. */
export function fromAccount(
  inspection: Inspection | undefined,
): Pick<TargetRecord, 'gate' | 'serverWaitS' | 'agentDownMs' | 'switchedAt'> {
  const account = inspection?.lastSwitch;
  if (account === undefined) return {};
  return {
    gate: account.gate,
    // At a gate that was watched from here the node did not wait; `target.switched` in the log has the time.
    serverWaitS: isAskedFromHere(account.gate) ? undefined : account.waitedMs / 1000,
    agentDownMs: account.downMs,
    switchedAt: new Date(account.listening.nodeMs).toISOString(),
  };
}
