/** Parts that several requests share, and what IAM is asked for each of them. */
import { z } from 'zod';
import type { Context } from '../iam/context.ts';
import { tagContext } from '../iam/context.ts';
import type { Access } from '../iam/permissions.ts';
import type { World } from '../world.ts';
import { lookUp, resourceArn } from './secret.ts';

export const secretId = z.string().min(1).max(2048);
/** Becomes the version's id. The SDKs fill it in when the caller does not. */
export const token = z.string().min(32).max(64);
export const label = z.string().min(1).max(256);
/** 64 KB, counted in bytes. */
export const secretString = z.string().refine((text) => Buffer.byteLength(text) <= 65_536, 'longer than 65536 bytes');
export const secretBinary = z.base64();
export const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() }));

export function tagRecord(list: z.infer<typeof tags> | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key, Value]));
}

export function secretAccess(world: World, action: string, id: string, context: Context = {}): Access {
  const secret = lookUp(world, id);
  return {
    action: `secretsmanager:${action}`,
    resource: resourceArn(world, id),
    resourcePolicy: secret?.policy ?? [],
    context: {
      ...tagContext('secretsmanager', secret?.tags ?? {}),
      'secretsmanager:SecretId': id,
      'secretsmanager:resource/AllowRotationLambdaArn': secret?.rotation?.functionArn,
      ...context,
    },
  };
}
