import {
  array,
  describe,
  int,
  iso,
  literal,
  minimum,
  minLength,
  nullable,
  number,
  object,
  enum as oneOf,
  optional,
  regex,
  string,
  type infer as TypeOf,
} from 'zod/mini';
import { doors, keyless } from '../contract.ts';

const text = string().check(minLength(1));
const count = number().check(int(), minimum(0));
const time = iso.datetime();
/** First 20 hex digits: enough to tell keys apart, and too short to be taken for one. */
export const fingerprintDigits = 20;

const credential = object({
  identity: text,
  keyBytes: count.check(describe('Length of the key')),
  fingerprint: string().check(
    regex(/^[0-9a-f]{20}$/),
    describe('HMAC-SHA256 of the key, first 20 hex digits. Two are comparable when their fingerprintKey is the same'),
  ),
  activatedAt: nullable(time).check(describe('When the first agent was up with it, by the clock of its node')),
  deactivatedAt: nullable(time).check(describe('When the last agent had left it; null while it is in use')),
});

/** Which of the two credentials; `other`: a third one; `unknown`: nobody could be asked, or Zabbix does not tell. */
const held = oneOf(['old', 'new', 'other', 'unknown']);

const target = object({
  kind: text.check(describe('What it is in Zabbix: host, proxy or autoregistration')),
  name: text.check(describe("Zabbix' technical name")),
  node: nullable(text).check(describe("Systems Manager's id of the machine; null: autoregistration has none")),
  uses: oneOf(['old', 'new']).check(describe('The credential that is claimed to be in use')),
  gate: nullable(text).check(describe('How it was known that the server accepts the key; docs/rotation.md names them')),
  serverWaitMs: nullable(count).check(describe('From armed to accepted by the server, where the node waited')),
  behindProxy: optional(literal(true)).check(
    describe('A proxy monitors it: the wait was for the proxy, which has a key after the server'),
  ),
  proxy: optional(nullable(text)).check(
    describe('Name of that proxy; null: the API user may not read it; absent: there is none, or it could not be asked'),
  ),
  reloads: optional(array(text)).check(
    describe(
      'Configuration caches that are told to reload once it has been given a key; absent: none, the wait was their own',
    ),
  ),
  agentDownMs: nullable(count).check(describe("From the agent's stop to its listening again")),
  switchedAt: nullable(time).check(
    describe(
      'When the agent listened again, by the clock of its node; of autoregistration, when the server was seen to take the key',
    ),
  ),
  proof: object({
    verdict: oneOf(['proven', 'unswitched', 'silent', 'refused', 'unknown']),
    node: oneOf([...held.options, 'by-contact', 'none']).check(
      describe(
        'The credential on the node; by-contact: it could not be asked, and the server was heard to use this key; none: there is no node',
      ),
    ),
    zabbix: held.check(describe('The credential that Zabbix has stored')),
    contact: nullable(
      object({
        item: text,
        at: time,
        clockOf: oneOf(['server', 'agent', 'proxy']).check(describe('Whose clock that is')),
        state: optional(oneOf(['online', 'offline'])).check(
          describe('Of a proxy, what the server takes it for; absent: Zabbix before 7.0 does not tell'),
        ),
      }),
    ).check(
      describe(
        'The newest value that came over the encrypted connection; null: none was seen, or there is no agent to send one',
      ),
    ),
    through: optional(
      object({
        host: nullable(text),
        item: nullable(text),
        at: nullable(time),
        clockOf: nullable(oneOf(['agent', 'proxy'])).check(describe('Whose clock that is')),
        because: nullable(text).check(describe('Why there is no such value')),
      }),
    ).check(
      describe(
        'Of a proxy: a value of a host behind it, taken after the switch. The verdict does not depend on it; absent: not asked',
      ),
    ),
    oldKey: oneOf(['refused', 'accepted', 'replaced', 'kept', 'none', 'not-asked']).check(
      describe(
        'What the server said to the key that was replaced; replaced: not asked, and Zabbix stores another; kept: it takes it from hosts that still use it; of a first encryption, to who comes without a key, unencrypted or with a certificate; none: there was no other, or unencrypted connections go on being taken',
      ),
    ),
    stillUsedBy: optional(array(text)).check(describe('Hosts that still use the identity that was replaced')),
    because: nullable(text).check(describe('Why it is not proven, or what a proof without the node rests on')),
  }),
});

/**
 * What the evidence bucket holds of the end of one rotation. An auditor reads it without us, so that its form is published:
 * docs/record.schema.json. Fields may be added; none changes its meaning.
 */
export const recordShape = object({
  format: literal(1),
  sequence: number().check(int(), minimum(1), describe('Position in the chain of this secret, without gaps')),
  previous: nullable(string().check(regex(/^[0-9a-f]{64}$/))).check(
    describe("SHA-256 of the bytes of the predecessor's object; null: the first record of this secret"),
  ),
  action: text.check(
    describe('rotation; first-encryption: there was no key before; what comes later gets words of its own'),
  ),
  outcome: text.check(describe('Of a rotation: rotated, rolled-back, refused, stranded')),
  because: nullable(text).check(describe('Why it did not end as rotated')),
  secret: object({ name: text, arn: text }),
  versionId: text.check(
    describe(
      "The version that was to be rotated in: RotateSecret's ClientRequestToken, by which CloudTrail tells who asked",
    ),
  ),
  trigger: oneOf(['secrets-manager', 'rotate-event']).check(
    describe('secrets-manager: the schedule, or RotateSecret called by somebody; rotate-event: our function was asked'),
  ),
  endedAt: time,
  waitedUntil: optional(time).check(
    describe(
      'Until when it would have waited, across calls of the functions, for a passive proxy before 7.0 to be sent the key; absent: it did not wait so',
    ),
  ),
  endedBy: object({
    task: oneOf(['rotate', 'repair']),
    function: text.check(describe('Name of the Lambda function')),
    version: text,
    codeSha256: nullable(text).check(describe('SHA-256 of index.mjs in the code that ran, in hex')),
    logStream: nullable(text),
  }),
  document: nullable(
    object({
      name: text,
      version: text,
      hash: text.check(describe("SHA-256 of its content, as Systems Manager's DescribeDocument gives it")),
    }),
  ).check(
    describe(
      'The Run Command document that exchanges keys, as it was at the end; null: none was used, or it could not be asked',
    ),
  ),
  fingerprintKey: string().check(regex(/^[0-9a-f]{8}$/), describe('Which HMAC key the fingerprints were made with')),
  old: nullable(credential).check(
    describe('The credential before the rotation; null: not known any more, or there was none (firstEncryption)'),
  ),
  new: nullable(credential).check(describe('The credential that was to come; null: none was minted')),
  firstEncryption: optional(
    object({
      before: oneOf(keyless).check(describe('What both ends took and used before')),
      takes: oneOf(doors).check(
        describe(
          'What both ends take with the key: only-psk: nothing else, at the end of Zabbix; unencrypted-too: unencrypted connections, too',
        ),
      ),
    }),
  ).check(describe('Of an action first-encryption; where a target uses or holds the old, it is as it was before')),
  targets: array(target),
});

export type EvidenceRecord = TypeOf<typeof recordShape>;
