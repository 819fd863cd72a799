import { z } from 'zod';
import { generatedName } from '../../place.ts';
import { tagRecord } from '../../secrets-manager/request-parts.ts';
import { parseDocument } from '../../ssm/document.ts';
import { resourceType, tagList } from '../resource-type.ts';

export const commandDocument = resourceType(
  'AWS::SSM::Document',
  z.strictObject({
    Name: z.string().optional(),
    DocumentType: z.literal('Command'),
    DocumentFormat: z.literal('JSON').optional(),
    Content: z.json(),
    TargetType: z.string().optional(),
    UpdateMethod: z.enum(['Replace', 'NewVersion']).optional(),
    VersionName: z.string().optional(),
    Tags: tagList.optional(),
  }),
  ({ properties, logicalId, world, stack }) => {
    const name = properties.Name ?? generatedName(stack.name, logicalId, 128);
    const tags = tagRecord(properties.Tags);
    world.documents.set(name, parseDocument(world, { name, logicalId, content: properties.Content, tags }));
    return { ref: name };
  },
);
