import { hashOf } from '../evidence/canonical.ts';
import { byCodeUnits } from './by-code-units.ts';
import { checkChain } from './check-chain.ts';
import {
  isKey,
  isSigned,
  keyHash,
  type Manifest,
  manifestName,
  manifestShape,
  publicKeyName,
  signatureName,
} from './manifest.ts';

/** A folder that was fetched from the evidence bucket, or a part of it. Names are paths with `/`. */
export interface Folder {
  readonly names: readonly string[];
  read(name: string): Uint8Array;
}

export interface Verification {
  /** What was checked and found in order. */
  readonly sound: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Checks every report and every record in a folder, and that the records are those that the reports saw.
 *
 * @param trustedKeyPem the public key that reports must be signed with; without it the one that lies beside them, which shows
 *   only that one hand wrote both
 */
export function verifyFolder(folder: Folder, trustedKeyPem: string | undefined): Verification {
  const sound: string[] = [];
  const problems: string[] = [];
  const reports = folder.names.filter((name) => name.split('/').at(-1) === manifestName);
  const manifests = reports.flatMap((name) => {
    const checked = verifyReport(folder, name, trustedKeyPem);
    problems.push(...checked.problems);
    if (checked.problems.length === 0) sound.push(checked.sound);
    return checked.manifest === undefined ? [] : [checked.manifest];
  });

  const chains = Map.groupBy(
    folder.names.flatMap((name) => {
      const [, secret, file] = recordPath.exec(name) ?? [];
      return secret === undefined || file === undefined ? [] : [{ name, secret, file }];
    }),
    ({ secret }) => secret,
  );
  const known = Map.groupBy(
    manifests.flatMap(({ chains }) => chains),
    ({ secret }) => secret,
  );
  // A report that was fetched without the records says nothing against them.
  const secrets = chains.size === 0 ? [] : new Set([...chains.keys(), ...known.keys()]);
  for (const secret of [...secrets].toSorted(byCodeUnits)) {
    const files = (chains.get(secret) ?? []).map(({ name, file }) => ({ name: file, bytes: folder.read(name) }));
    const chain = checkChain(secret, files, known.get(secret));
    if (chain.problems.length === 0) sound.push(`records of ${secret}: ${chain.records}, unbroken`);
    problems.push(...chain.problems.map((problem) => `records of ${secret}: ${problem}`));
  }
  if (sound.length + problems.length === 0) problems.push('there is neither a report nor a record in this folder');
  return { sound, problems };
}

/** The name of a secret may hold slashes. */
const recordPath = /(?:^|\/)records\/(.+)\/([^/]+)$/;

function verifyReport(folder: Folder, manifestPath: string, trustedKeyPem: string | undefined) {
  const inside = manifestPath.slice(0, -manifestName.length);
  const at = inside === '' ? 'the report' : inside.replace(/\/$/, '');
  const here = new Set(folder.names.filter((name) => name.startsWith(inside)).map((name) => name.slice(inside.length)));
  const has = (name: string) => here.has(name);
  const bytes = folder.read(manifestPath);
  const manifest = parseManifest(bytes);
  if (manifest === undefined)
    return { manifest, sound: '', problems: [`${at}: ${manifestName} cannot be read as a manifest`] };

  const problems = manifest.files.flatMap(({ name, sha256 }) => {
    if (!has(name)) return [`${at}: ${name} is gone`];
    return hashOf(folder.read(`${inside}${name}`)) === sha256 ? [] : [`${at}: ${name} has been changed`];
  });
  const listed = new Set([...manifest.files.map(({ name }) => name), manifestName, signatureName, publicKeyName]);
  // Only of this very folder: a bucket's reports lie side by side.
  const extra = [...here].filter((name) => !name.includes('/') && !listed.has(name));
  problems.push(...extra.map((name) => `${at}: ${name} is not in the manifest`));

  const signature = signatureOf(folder, inside, has, bytes, trustedKeyPem, manifest.signedWith);
  if ('problem' in signature) problems.push(`${at}: ${signature.problem}`);
  const says = 'says' in signature ? signature.says : '';
  return { manifest, sound: `${at}: ${manifest.files.length} files as the manifest says, ${says}`, problems };
}

function signatureOf(
  folder: Folder,
  inside: string,
  has: (name: string) => boolean,
  manifest: Uint8Array,
  trustedKeyPem: string | undefined,
  signedWith: string | undefined,
): { readonly says: string } | { readonly problem: string } {
  if (!has(signatureName))
    return trustedKeyPem === undefined && signedWith === undefined
      ? { says: 'not signed' }
      : { problem: `${signatureName} is gone: nothing is signed` };
  const beside = has(publicKeyName) ? text(folder.read(`${inside}${publicKeyName}`)) : undefined;
  if (beside !== undefined && signedWith !== undefined && !isKey(beside, signedWith))
    return { problem: `${publicKeyName} is not the key that ${manifestName} names` };
  const pem = trustedKeyPem ?? beside;
  if (pem === undefined) return { problem: `${publicKeyName} is gone: name the public key with --key` };
  if (!isSigned(manifest, text(folder.read(`${inside}${signatureName}`)), pem))
    return { problem: `${manifestName} or ${signatureName} has been changed, or another key has signed` };
  const whose = trustedKeyPem === undefined ? 'the key beside it: compare' : 'the given key:';
  return { says: `signed with ${whose} SHA-256 ${keyHash(pem)}` };
}

function parseManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    return manifestShape.safeParse(JSON.parse(text(bytes))).data;
  } catch {
    return undefined;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
