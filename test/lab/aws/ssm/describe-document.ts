import { z } from 'zod';
import { defineAction } from '../action.ts';
import { seconds } from '../secrets-manager/secret.ts';
import { documentAccess, findDocument } from './document.ts';

export const describeDocument = defineAction({
  name: 'ssm:DescribeDocument',
  request: z.strictObject({ Name: z.string(), DocumentVersion: z.string().optional() }),
  needs: ({ Name }, { world }) => [documentAccess(world, 'ssm:DescribeDocument', Name)],
  answer({ Name, DocumentVersion }, { world }) {
    const document = findDocument(world, Name, DocumentVersion);
    return {
      Document: {
        Name: document.name,
        Hash: document.hash,
        HashType: 'Sha256',
        Owner: world.place.accountId,
        CreatedDate: seconds(document.createdMs),
        Status: 'Active',
        DocumentVersion: '1',
        DefaultVersion: '1',
        LatestVersion: '1',
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
        SchemaVersion: '2.2',
        PlatformTypes: ['Linux'],
        Tags: Object.entries(document.tags).map(([Key, Value]) => ({ Key, Value })),
        Parameters: Object.entries(document.parameters).map(([name, parameter]) => ({
          Name: name,
          Type: 'String',
          ...(parameter.description === undefined ? {} : { Description: parameter.description }),
          ...(parameter.default === undefined ? {} : { DefaultValue: parameter.default }),
        })),
        ...(document.description === undefined ? {} : { Description: document.description }),
      },
    };
  },
});
