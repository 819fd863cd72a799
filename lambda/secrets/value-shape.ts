/** What a version of a secret may hold, as its owner or we have written it. */
import {
  _default,
  array,
  discriminatedUnion,
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
  strictObject,
  string,
  undefined as undefinedShape,
  union,
} from 'zod/mini';
import { doors, nodeIdPattern } from '../contract.ts';
import { keyBytesMax, keyBytesMin } from '../rotation/psk.ts';

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

export const targetShape = discriminatedUnion('kind', [onNodeShape, autoregistrationShape], {
  error: 'must be "host", "proxy" or "autoregistration"',
});

const isSeen = refine<string>((text) => !unseen.test(text), { error: 'holds a character that nobody can see' });
const identityShape = string().check(minLength(1), maxLength(128), isSeen);

const shared = {
  targets: array(targetShape).check(minLength(1, { error: 'must list at least one target' })),
  identityMode: _default(oneOf(['new', 'fixed']), 'new'),
  leaves: optional(string()),
  keyBytes: _default(number().check(int(), minimum(keyBytesMin), maximum(keyBytesMax)), keyBytesDefault),
};
/** A version that has a credential. */
export const credentialShape = looseObject({
  identity: identityShape,
  psk: string(),
  /** Of a first key, by this service: whoever takes it back knows by it that there was none before. */
  firstEncryption: optional(oneOf(doors)),
  /** Beside it: what it took the place of. */
  before: optional(literal('certificate')),
  ...shared,
});
const beside =
  'must not stand beside "unencrypted" or "certificate": the one is the key in use, the other says that there is none';
const withoutKey = { psk: optional(undefinedShape({ error: beside })), identity: optional(identityShape), ...shared };
export const unencryptedShape = looseObject({
  unencrypted: literal(true, { error: 'must be true, or not stand there' }),
  certificate: optional(undefinedShape({ error: 'must not stand beside "unencrypted": it is the one or the other' })),
  ...withoutKey,
});
/** Zabbix takes 1024 characters; what it shows longer than this is shortened for our sentences, and so never the same. */
const distinguishedName = _default(string().check(maxLength(700), isSeen), '');
const named = { error: 'must be true, or {"issuer": "…", "subject": "…"} as Zabbix has them' };
export const certificateShape = looseObject({
  certificate: union(
    [literal(true), strictObject({ issuer: distinguishedName, subject: distinguishedName }, named)],
    named,
  ),
  ...withoutKey,
});
