import {
  _default,
  array,
  boolean,
  extend,
  type infer as Infer,
  looseObject,
  maximum,
  minimum,
  nullable,
  number,
  object,
  enum as oneOf,
  optional,
  pipe,
  refine,
  regex,
  string,
  transform,
} from 'zod/mini';
import { parameters } from '../contract.ts';
import { quote, quoteName } from '../quote.ts';
import { gates, type Inspection, type SwitchAccount } from '../rotation/model.ts';
import { isSealable } from './seal.ts';

/** The scripts' sentences stand inside ours, so they lose their full stop. */
const sentencePart = pipe(
  string(),
  transform((says: string) => quote(says).replace(/\.$/, '')),
);

/** Words that a sentence of ours repeats; whoever wrote the program may have put a key there. */
const words = pipe(
  string(),
  transform((text: string) => quote(text)),
);

/** A node's root may answer what he likes: it must fit into our sentences all the same. */
const name = pipe(string(), transform(quoteName));
const fingerprint = string().check(regex(new RegExp(parameters.fingerprint.allowedPattern)));

/** Milliseconds since 1970 that JavaScript knows a date for. */
const instant = number().check(minimum(0), maximum(8.64e15));

const nodeGate = oneOf(['shadow-agent', 'zabbix-sender', 'proxy-log', 'agent-log']);

/** The last line of a host script's stdout (docs/host-scripts.md). */
const account = object({
  gate: oneOf(gates),
  waitedMs: number(),
  stoppedAtMs: instant,
  listeningAtMs: instant,
  downMs: number(),
  oldKey: oneOf(['refused', 'accepted', 'not-asked']),
  to: fingerprint,
});

export const replyShape = looseObject({
  zabbixPsk: number(),
  verb: string(),
  versionId: string(),
  outcome: string(),
  says: sentencePart,
  clockMs: instant,
});
export type Reply = Infer<typeof replyShape>;

export const inspectionShape = looseObject({
  agent: name,
  version: _default(name, ''),
  tlsLibrary: _default(words, ''),
  hostname: _default(name, ''),
  identity: _default(name, ''),
  fingerprint,
  keyFile: name,
  keyMode: _default(name, ''),
  passive: boolean(),
  active: boolean(),
  running: boolean(),
  clockMs: instant,
  rotation: optional(nullable(object({ secretId: name, versionId: name, phase: name }))),
  lastSwitch: optional(nullable(account)),
  gates: _default(array(nodeGate), []),
});

const askedPlace = object({ place: name, verdict: oneOf(['accepted', 'refused', 'unreachable', 'none']) });

export const preparationShape = extend(inspectionShape, {
  publicKey: string().check(refine(isSealable)),
  places: _default(array(askedPlace), []),
});

export const switchShape = looseObject({
  outcome: oneOf(['switched', 'restored', 'not-accepted', 'agent-did-not-start', 'stranded']),
  says: sentencePart,
  fingerprint: _default(fingerprint, ''),
  lastSwitch: optional(nullable(account)),
});

export function toAccount(found: Infer<typeof account> | null | undefined): SwitchAccount | undefined {
  if (found === null || found === undefined) return undefined;
  const { stoppedAtMs, listeningAtMs, ...rest } = found;
  return { ...rest, stopped: { nodeMs: stoppedAtMs }, listening: { nodeMs: listeningAtMs } };
}

export function toInspection({
  version,
  clockMs,
  rotation,
  lastSwitch,
  ...rest
}: Infer<typeof inspectionShape>): Inspection {
  const { agent, tlsLibrary, hostname, identity, fingerprint, keyFile, keyMode, passive, active, running } = rest;
  return {
    kind: agent === 'zabbix_proxy' ? 'proxy' : 'host',
    agent,
    agentVersion: version,
    tlsLibrary,
    hostname,
    identity,
    fingerprint,
    keyFile,
    keyMode,
    passive,
    active,
    running,
    clock: { nodeMs: clockMs },
    rotation: rotation ?? undefined,
    lastSwitch: toAccount(lastSwitch),
    gates: rest.gates,
  };
}
