import type { infer as Infer } from 'zod/mini';
import type { Door } from '../contract.ts';
import { Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { safeIdentity } from '../rotation/identity.ts';
import {
  autoregistration,
  type Certificate,
  type CurrentValue,
  type KeylessValue,
  type NodeTarget,
  onNodes,
  type SecretValue,
  type Target,
} from '../rotation/model.ts';
import { PskKey } from '../rotation/psk.ts';
import { certificateShape, credentialShape, type targetShape, unencryptedShape } from './value-shape.ts';

/** A value may be 64 kB long, and all of it may be wrong: a sentence is to be read. */
const mostProblems = 10;

/**
 * A secret's text as a credential with its targets, or as targets that have no key yet.
 *
 * @param takes what the operator asks of a first encryption
 * @throws {Refusal} that names the secret and every problem, never the key
 */
export function parseSecretValue(text: string, secretName: string, takes?: Door): CurrentValue {
  const json = parseJson(text, secretName);
  const isObject = typeof json === 'object' && json !== null;
  if (isObject && ('unencrypted' in json || 'certificate' in json)) return parseKeyless(json, secretName, takes);
  if (isObject && 'adopt' in json && !('psk' in json)) {
    throw new Refusal(
      'SECRET_NOT_ADOPTED',
      `${secretName} still holds the placeholder that the deployment put there; put the identity, the psk and the targets in use today into it (README, "Adopt a host")`,
    );
  }
  const parsed = credentialShape.safeParse(json);
  if (!parsed.success) throw malformed(secretName, problemsOf(parsed.error.issues));
  const { identity, psk, identityMode, leaves, keyBytes, firstEncryption, before } = parsed.data;
  const targets = parsed.data.targets.map(toTarget);
  const nodes = onNodes(targets);
  const key = parseKey(psk, secretName);
  // Everything else is shown to whoever reads a log; a key that was pasted there as well would be too.
  const shown = [identity, leaves ?? '', ...nodes.flatMap(({ name, config }) => [name, config])];
  if (shown.some((text) => text.toLowerCase().includes(psk.toLowerCase())))
    throw malformed(secretName, ["identity, leaves or a target's name or config holds the psk itself"]);
  const all = atLeastOne(targets, secretName);
  refuseTwice(nodes, secretName);
  if (nodes.length < targets.length) {
    // Nothing follows the server there, and its key stays in use on every host that has registered with it.
    if (targets.length > 1)
      throw malformed(secretName, ['targets: autoregistration must stand alone; give the others secrets of their own']);
    if (identityMode === 'fixed' || leaves !== undefined)
      throw malformed(secretName, [
        'identityMode must be "new" for autoregistration, and leaves must not stand there: hosts that have registered keep its identity and key',
      ]);
  }
  // Nobody can change the key of one identity for hosts and proxies at once: they are updated one after the other.
  if (identityMode === 'fixed' && new Set(targets.map(({ kind }) => kind)).size > 1)
    throw malformed(secretName, [
      'identityMode: must be "new" where a host and a proxy share the key; Zabbix takes them in two calls, and one identity would have two keys between them',
    ]);
  if (identityMode === 'fixed' && !safeIdentity.test(identity)) {
    throw malformed(secretName, [
      `identity: "${quote(identity)}" cannot be kept; letters, digits and . _ : - are safe on every side`,
    ]);
  }
  if (identityMode === 'fixed' && leaves === identity)
    throw malformed(secretName, ['identityMode: must be "new" where an identity is left to others']);
  return {
    identity,
    key,
    targets: all,
    identityMode,
    ...(leaves === undefined ? {} : { leaves }),
    ...(firstEncryption === undefined ? {} : { takes: firstEncryption }),
    ...(firstEncryption === undefined || before === undefined ? {} : { before }),
    keyBytes,
  };
}

/** @throws {Refusal} where there is more to it than hosts or proxies, each with a key file of its own */
function parseKeyless(json: object, secretName: string, takes: Door | undefined): KeylessValue {
  const parsed = 'unencrypted' in json ? unencryptedShape.safeParse(json) : certificateShape.safeParse(json);
  if (!parsed.success) throw malformed(secretName, problemsOf(parsed.error.issues));
  const { identity, identityMode, keyBytes, certificate } = parsed.data;
  const targets = parsed.data.targets.map(toTarget);
  const nodes = onNodes(targets);
  const [first, ...others] = atLeastOne(targets, secretName);
  if (nodes.length < targets.length)
    throw malformed(secretName, [
      "targets: autoregistration has no first encryption; choose PSK in Zabbix' general settings, and put its identity and key here",
    ]);
  const shared = repeated(nodes.map(({ node }) => node));
  if (shared.length > 0)
    throw malformed(secretName, [
      `targets: ${shared.join(', ')} stands there more than once; each program gets a key file of its own, so give each target there a secret of its own`,
    ]);
  const firstIdentity = identity ?? first.name;
  if (identityMode === 'fixed' && (identity === undefined || !safeIdentity.test(identity)))
    throw malformed(secretName, ['identity: must stand there where it is to stay fixed: letters, digits and . _ : -']);
  const instead = certificate === undefined ? {} : { certificate: wanted(certificate) };
  return { targets: [first, ...others], takes, ...instead, firstIdentity, identityMode, keyBytes };
}

function wanted(certificate: true | Certificate): Certificate {
  return certificate === true ? { issuer: '', subject: '' } : certificate;
}

function problemsOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string[] {
  const problems = issues.map(({ path, message }) => `${path.length === 0 ? 'the value' : path.join('.')}: ${message}`);
  const [shown, others] = [problems.slice(0, mostProblems), problems.length - mostProblems];
  return others > 0 ? [...shown, `and ${others} more`] : shown;
}

function atLeastOne([first, ...others]: readonly Target[], secretName: string): SecretValue['targets'] {
  if (first === undefined) throw malformed(secretName, ['targets: must list at least one target']);
  return [first, ...others];
}

/** An agent and a proxy on one node share the key file, and often the name; anything else there would share by mistake. */
function refuseTwice(nodes: readonly NodeTarget[], secretName: string): void {
  const named = new Map(nodes.map(({ name, node }) => [`${name} ${node}`, name]));
  const twice = [...repeated(nodes.map(({ kind, node }) => `${kind} on ${node}`)), ...repeated([...named.values()])];
  if (twice.length > 0)
    throw malformed(secretName, [
      `targets: ${quote(twice.join(', '))} stands there more than once; a node has one rotation at a time`,
    ]);
}

/** The text of the next version: what the owner wrote, with another identity and key. */
export function writeSecretValue(
  previousText: string,
  { identity, key, takes, before }: Pick<SecretValue, 'identity' | 'key' | 'takes' | 'before'>,
  secretName: string,
): string {
  const previous = parseJson(previousText, secretName);
  const kept = typeof previous === 'object' ? previous : {};
  // After the first key nothing says any more that there is none, and after the second that it was the first.
  const first = { unencrypted: undefined, certificate: undefined, firstEncryption: takes, before };
  return JSON.stringify({ ...kept, ...first, identity, psk: key.reveal() });
}

function parseJson(text: string, secretName: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and with it the key.
    throw malformed(secretName, ['it is not JSON']);
  }
}

function parseKey(psk: string, secretName: string): PskKey {
  try {
    return PskKey.parse(psk);
  } catch (error) {
    throw malformed(secretName, [`psk: ${error instanceof Error ? error.message : 'is not a key'}`]);
  }
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

function toTarget(target: Infer<typeof targetShape>): Target {
  if (target.kind === 'autoregistration') return autoregistration;
  const { kind, name, node, config } = target;
  return { kind, name, node, config };
}

function malformed(secretName: string, problems: readonly string[]): Refusal {
  return new Refusal(
    'SECRET_MALFORMED',
    `${secretName} does not hold a credential with targets (${problems.join(' · ')}); correct its value as in the README, "The secret"`,
  );
}
