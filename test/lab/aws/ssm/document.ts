/** Run Command documents, schema 2.2: what they may hold, and what of it is imitated. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsError, NotImitated } from '../aws-error.ts';
import type { Access } from '../iam/permissions.ts';
import type { Json } from '../json.ts';
import { arn } from '../place.ts';
import type { World } from '../world.ts';

const parameter = z.strictObject({
  // StringList would need the agent's JSON rendering; nothing here uses it.
  type: z.literal('String'),
  description: z.string().optional(),
  default: z.string().optional(),
  allowedPattern: z.string().optional(),
  allowedValues: z.array(z.string()).optional(),
  maxChars: z.int().optional(),
  interpolationType: z.literal('ENV_VAR').optional(),
});

const step = z.strictObject({
  name: z.string(),
  action: z.enum(['aws:runShellScript', 'aws:runPowerShellScript']),
  precondition: z
    .strictObject({ StringEquals: z.tuple([z.literal('platformType'), z.enum(['Linux', 'Windows'])]) })
    .optional(),
  inputs: z.strictObject({
    runCommand: z.array(z.string()).min(1),
    timeoutSeconds: z.union([z.string(), z.number()]).optional(),
  }),
});

const contentShape = z.strictObject({
  schemaVersion: z.literal('2.2'),
  description: z.string().optional(),
  // The agent drops values whose names hold anything but letters and digits, so such a name is an error here.
  parameters: z.record(z.string().regex(/^[a-zA-Z0-9]+$/), parameter).optional(),
  mainSteps: z.array(step).min(1),
});

export type DocumentParameter = z.infer<typeof parameter>;
export type DocumentStep = z.infer<typeof step>;

export interface CommandDocument {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  readonly text: string;
  readonly hash: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, DocumentParameter>>;
  readonly steps: readonly DocumentStep[];
  readonly description: string | undefined;
  readonly createdMs: number;
}

export function parseDocument(
  world: World,
  { name, logicalId, content, tags }: { name: string; logicalId: string; content: Json; tags: Record<string, string> },
): CommandDocument {
  const parsed = contentShape.safeParse(content);
  if (!parsed.success) throw new NotImitated(`document ${logicalId}: ${z.prettifyError(parsed.error)}`);
  const text = JSON.stringify(content);
  return {
    name,
    arn: arn(world.place, 'ssm', `document/${name}`),
    logicalId,
    text,
    hash: createHash('sha256').update(text).digest('hex'),
    tags,
    parameters: parsed.data.parameters ?? {},
    steps: parsed.data.mainSteps,
    description: parsed.data.description,
    createdMs: world.clock.nowMs(),
  };
}

export function findDocument(world: World, nameOrArn: string, version: string | undefined): CommandDocument {
  const name = nameOrArn.replace(/^arn:.*:document\//, '');
  const document = world.documents.get(name);
  if (document === undefined) throw new AwsError('InvalidDocument', `Document with name ${name} does not exist.`);
  // CloudFormation has just created it, so there is one version.
  if (version !== undefined && !['1', '$DEFAULT', '$LATEST'].includes(version)) {
    throw new AwsError('InvalidDocumentVersion', `Document version ${version} does not exist for ${name}.`);
  }
  return document;
}

export function documentAccess(world: World, action: string, nameOrArn: string): Access {
  const name = nameOrArn.replace(/^arn:.*:document\//, '');
  const tags = world.documents.get(name)?.tags ?? {};
  return {
    action,
    resource: arn(world.place, 'ssm', `document/${name}`),
    context: Object.fromEntries(
      Object.entries(tags).flatMap(([key, value]) => [
        [`aws:ResourceTag/${key}`, value],
        [`ssm:resourceTag/${key}`, value],
      ]),
    ),
  };
}
