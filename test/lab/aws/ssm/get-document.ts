import { z } from 'zod';
import { defineAction } from '../action.ts';
import { documentAccess, findDocument } from './document.ts';

export const getDocument = defineAction({
  name: 'ssm:GetDocument',
  request: z.strictObject({
    Name: z.string(),
    DocumentVersion: z.string().optional(),
    DocumentFormat: z.literal('JSON').optional(),
  }),
  needs: ({ Name }, { world }) => [documentAccess(world, 'ssm:GetDocument', Name)],
  answer({ Name, DocumentVersion }, { world }) {
    const document = findDocument(world, Name, DocumentVersion);
    return {
      Name: document.name,
      DocumentVersion: '1',
      Status: 'Active',
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      Content: document.text,
    };
  },
});
