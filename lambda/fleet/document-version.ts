import { DescribeDocumentCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** A Run Command document as Systems Manager has it now. */
export interface DocumentVersion {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its content. */
  readonly hash: string;
}

/** The version that a command without a version runs: the default one. */
export async function documentVersion(ssm: SSMClient, name: string): Promise<DocumentVersion> {
  const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: name }));
  const { DocumentVersion: version, Hash: hash } = Document ?? {};
  if (version === undefined || hash === undefined) throw new TypeError(`Systems Manager gave no version of ${name}`);
  return { name, version, hash };
}
