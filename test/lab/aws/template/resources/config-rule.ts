import { z } from 'zod';
import { generatedName } from '../../place.ts';
import { resourceType } from '../resource-type.ts';

/** A rule that AWS wrote itself. AWS Config reads what is there; here nobody evaluates it. */
export const configRule = resourceType(
  'AWS::Config::ConfigRule',
  z.strictObject({
    Description: z.string().optional(),
    InputParameters: z.record(z.string(), z.string()).optional(),
    Scope: z.strictObject({ TagKey: z.string(), TagValue: z.string() }).optional(),
    Source: z.strictObject({ Owner: z.literal('AWS'), SourceIdentifier: z.string() }),
  }),
  ({ logicalId, stack }) => ({ ref: generatedName(stack.name, logicalId) }),
);
