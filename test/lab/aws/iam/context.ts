/**
 * What a request says about itself, for conditions. A key that is not listed here is refused when a policy names it: an
 * evaluator that does not know a key cannot tell "absent" from "not imitated".
 */
import { NotImitated } from '../aws-error.ts';

/** Lower-case key → its values. Keys are compared without regard to case, as IAM does. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

const knownKeys: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceowner',
  'aws:viaawsservice',
  'lambda:sourcefunctionarn',
  'kms:calleraccount',
  'kms:messagetype',
  'kms:signingalgorithm',
  'kms:viaservice',
  's3:if-none-match',
  's3:prefix',
  'secretsmanager:resource/allowrotationlambdaarn',
  'secretsmanager:rotationlambdaarn',
  'secretsmanager:secretid',
  'secretsmanager:versionid',
  'secretsmanager:versionstage',
]);

/** Keys that end in a name of the user's own: a tag, a part of the encryption context. */
const knownPrefixes = [
  'aws:resourcetag/',
  'secretsmanager:resourcetag/',
  'ssm:resourcetag/',
  'kms:encryptioncontext:',
] as const;

export function assertKnownKey(key: string, where: string): void {
  const lower = key.toLowerCase();
  if (knownKeys.has(lower) || knownPrefixes.some((prefix) => lower.startsWith(prefix))) return;
  throw new NotImitated(`${where}: condition key ${key} is not imitated`);
}

export function valuesOf(context: Context, key: string): readonly string[] | undefined {
  const lower = key.toLowerCase();
  const value = Object.entries(context).find(([name]) => name.toLowerCase() === lower)?.[1];
  return value === undefined ? undefined : [value].flat();
}

/** Tags of a resource as the two keys under which a policy may ask for them. */
export function tagContext(service: 'secretsmanager' | 'ssm', tags: Readonly<Record<string, string>>): Context {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`${service}:resourceTag/${key}`, value],
    ]),
  );
}
