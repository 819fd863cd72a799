import { ServiceError, sentence } from '../errors.ts';
import { isSigned, publicKeyName, signatureName } from './manifest.ts';
import type { Signer } from './ports.ts';

/** The report cannot be signed: it ends without its manifest, so that nobody takes it for a whole one. */
export class ReportNotSigned extends ServiceError {
  readonly code = 'REPORT_NOT_SIGNED';
  readonly leaves = 'nothing-changed';
}

/** @throws {ReportNotSigned} before anything was written */
export async function publicKeyOf(signer: Signer): Promise<string> {
  try {
    return await signer.publicKey();
  } catch (cause) {
    throw new ReportNotSigned(
      `the public key of the key that signs reports could not be had (${sentence(cause)}); no report was begun`,
      { cause },
    );
  }
}

/**
 * The files beside a manifest that tell who wrote it.
 *
 * @param folder where the other files of the report lie already
 * @throws {ReportNotSigned} when there is no signature, or one that the public key does not confirm
 */
export async function signatureFiles(
  manifest: string,
  publicKeyPem: string,
  signer: Signer,
  folder: string,
): Promise<readonly (readonly [name: string, text: string])[]> {
  const leaves = `${folder} has no manifest and is no report; ask for another one`;
  let signature: string;
  try {
    signature = await signer.sign(manifest);
  } catch (cause) {
    throw new ReportNotSigned(`the report could not be signed (${sentence(cause)}): ${leaves}`, { cause });
  }
  if (!isSigned(Buffer.from(manifest), signature, publicKeyPem))
    throw new ReportNotSigned(`the signature does not fit the public key of the key that made it: ${leaves}`);
  return [
    [publicKeyName, publicKeyPem],
    [signatureName, `${signature}\n`],
  ];
}
