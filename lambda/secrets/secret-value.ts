import {
  _default,
  array,
  discriminatedUnion,
  type infer as Infer,
  int,
  literal,
  looseObject,
  maximum,
  maxLength,
  minimum,
  minLength,
  number,
  enum as oneOf,
  optional,
  refine,
  regex,
  string,
  undefined as undefinedShape,
} from 'zod/mini';
import { nodeIdPattern } from '../contract.ts';
import { Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { safeIdentity } from '../rotation/identity.ts';
import { autoregistration, onNodes, type SecretValue, type Target } from '../rotation/model.ts';
import { keyBytesMax, keyBytesMin, PskKey } from '../rotation/psk.ts';

/** 32 random bytes: as strong as the strongest cipher that Zabbix negotiates. */
const keyBytesDefault = 32;

/** What Zabbix takes for a host's technical name and a proxy's (Zabbix manual 6.0 to 7.4, "Configuring a host", "Proxies"). */
const hostName = /^[A-Za-z0-9._ -]{1,128}$/;
/** Control and format characters and halves of characters: a line of an agent's configuration could not hold them, or nobody would see them. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const onNodeShape = looseObject({
  kind: oneOf(['host', 'proxy']),
  name: string().check(
    regex(hostName, {
      error: "must be a host's technical name or a proxy's: letters, digits, blanks and . _ - , at most 128",
    }),
  ),
  node: string().check(regex(nodeIdPattern, { error: 'must be a node id, i-… or mi-…' })),
  config: _default(
    string().check(regex(/^(auto|\/[A-Za-z0-9/._-]{1,200})$/, { error: 'must be an absolute path' })),
    'auto',
  ),
});

const absent = optional(
  undefinedShape({ error: 'must not stand there: a Zabbix has one autoregistration, and it runs on no node' }),
);
const autoregistrationShape = looseObject({
  kind: literal('autoregistration'),
  name: absent,
  node: absent,
  config: absent,
});

const targetShape = discriminatedUnion('kind', [onNodeShape, autoregistrationShape], {
  error: 'must be "host", "proxy" or "autoregistration"',
});

const shape = looseObject({
  identity: string().check(
    minLength(1),
    maxLength(128),
    refine((identity) => !unseen.test(identity), { error: 'holds a character that nobody can see' }),
  ),
  psk: string(),
  targets: array(targetShape).check(minLength(1, { error: 'must list at least one target' })),
  identityMode: _default(oneOf(['new', 'fixed']), 'new'),
  leaves: optional(string()),
  keyBytes: _default(number().check(int(), minimum(keyBytesMin), maximum(keyBytesMax)), keyBytesDefault),
});

/** A value may be 64 kB long, and all of it may be wrong: a sentence is to be read. */
const mostProblems = 10;

/**
 * A secret's text as a credential with its targets.
 *
 * @throws {Refusal} that names the secret and every problem, never the key
 */
export function parseSecretValue(text: string, secretName: string): SecretValue {
  const json = parseJson(text, secretName);
  if (typeof json === 'object' && json !== null && 'adopt' in json && !('psk' in json)) {
    throw new Refusal(
      'SECRET_NOT_ADOPTED',
      `${secretName} still holds the placeholder that the deployment put there; put the identity, the psk and the targets in use today into it (README, "Adopt a host")`,
    );
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.length === 0 ? 'the value' : path.join('.')}: ${message}`,
    );
    const [shown, others] = [problems.slice(0, mostProblems), problems.length - mostProblems];
    throw malformed(secretName, others > 0 ? [...shown, `and ${others} more`] : shown);
  }
  const { identity, psk, identityMode, leaves, keyBytes } = parsed.data;
  const targets = parsed.data.targets.map(toTarget);
  const nodes = onNodes(targets);
  const key = parseKey(psk, secretName);
  // Everything else is shown to whoever reads a log; a key that was pasted there as well would be too.
  const shown = [identity, leaves ?? '', ...nodes.flatMap(({ name, config }) => [name, config])];
  if (shown.some((text) => text.toLowerCase().includes(psk.toLowerCase())))
    throw malformed(secretName, ["identity, leaves or a target's name or config holds the psk itself"]);
  const [first, ...others] = targets;
  if (first === undefined) throw malformed(secretName, ['targets: must list at least one target']);
  // An agent and a proxy on one node share the key file, and often the name; anything else there would share by mistake.
  const named = new Map(nodes.map(({ name, node }) => [`${name} ${node}`, name]));
  const twice = [...repeated(nodes.map(({ kind, node }) => `${kind} on ${node}`)), ...repeated([...named.values()])];
  if (twice.length > 0)
    throw malformed(secretName, [
      `targets: ${quote(twice.join(', '))} stands there more than once; a node has one rotation at a time`,
    ]);
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
    throw malformed(secretName, ['identityMode: must be "new" where a host and a proxy share the key']);
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
    targets: [first, ...others],
    identityMode,
    ...(leaves === undefined ? {} : { leaves }),
    keyBytes,
  };
}

/** The text of the next version: what the owner wrote, with another identity and key. */
export function writeSecretValue(
  previousText: string,
  { identity, key }: Pick<SecretValue, 'identity' | 'key'>,
  secretName: string,
): string {
  const previous = parseJson(previousText, secretName);
  return JSON.stringify({ ...(typeof previous === 'object' ? previous : {}), identity, psk: key.reveal() });
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
